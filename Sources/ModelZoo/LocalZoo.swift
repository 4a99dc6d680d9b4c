public import BlobCache
import CanonicalJSON
import Diagnostics
public import Digests
import FileAccess
public import Transfer

/// A zoo, and what of it is on this machine: beside its index, in the program, or in the cache.
///
///     witnesses/ENTRY.json  in the cache's folder: copies that were accepted, `Witness`
public struct LocalZoo: Sendable {
  /// The zoo.
  public let index: ZooIndex
  private let openCache: @Sendable () throws -> Cache
  /// Where a mirror's files are, by SHA-256: an address or a folder.
  private let mirror: String?

  /// A zoo and a cache, which is opened when it is needed; `mirror` is where the index came from,
  /// if its files are beside it.
  public init(
    index: ZooIndex, mirror: String? = nil, cache: @escaping @Sendable () throws -> Cache
  ) {
    self.index = index
    self.mirror = mirror
    openCache = cache
  }

  /// Files by content.
  ///
  /// - Throws: `CacheFailure` if there is no place for one.
  public var cache: Cache { get throws { try openCache() } }

  // MARK: - Files

  /// The path of an entry's file, whose digest has been checked; `nil` if it is not here.
  ///
  /// A file that is part of this software is put into the cache.
  ///
  /// - Throws: `ZooFailure` if a file beside the index is not the listed one, `CacheFailure`,
  ///   `FileFailure`.
  public func path(of file: ZooEntry.File, in entry: ZooEntry) throws -> String? {
    if let path = index.path(of: file, in: entry) { return try Self.checked(path, file, entry) }
    guard file.isKnown else { return nil }
    do {
      if let blob = try cache.blob(file.wanted) { return blob.path }
    } catch let failure as CacheFailure
      where failure.code == .damaged && index.embedded(file) != nil
    {
      // The program has it whole.
    }
    return try index.embedded(file).map { bytes in
      try cache.keep(bytes, name: file.name, source: ZooEntry.embeddedKind).path
    }
  }

  /// The path of an entry's checkpoint: the listed one, or one that was made of an accepted copy.
  ///
  /// - Throws: as `path(of:in:)`.
  public func checkpoint(of entry: ZooEntry) throws -> String? {
    if let file = entry.file(.checkpoint), let path = try path(of: file, in: entry) { return path }
    guard let digest = try witness(of: entry)?.checkpoint else { return nil }
    return try cache.blob(sha256: digest)?.path
  }

  /// Whether a checkpoint of an entry is on this machine, by its name only: nothing is read.
  public func hasCheckpoint(of entry: ZooEntry) -> Bool {
    if entry.availability == .embedded { return true }
    let file = entry.file(.checkpoint)
    if let file, index.path(of: file, in: entry) != nil { return true }
    let accepted = (try? witness(of: entry))?.checkpoint
    guard let cache = try? cache else { return false }
    return [file?.sha256, accepted].contains {
      $0.map { Files.exists(cache.path(of: $0)) } ?? false
    }
  }

  /// The path of an entry's file of a role, which must be here.
  ///
  /// - Throws: `ZooFailure` that says how to get it, and as `path(of:in:)`.
  public func requiredPath(of role: ZooEntry.File.Role, in entry: ZooEntry) throws -> String {
    let path =
      role == .checkpoint
      ? try checkpoint(of: entry)
      : try entry.file(role).flatMap { try self.path(of: $0, in: entry) }
    if let path { return path }
    throw ZooFailure(
      .unavailable, at: entry.name, expected: "its \(role.rawValue) on this machine",
      found: "none; \(entry.advice)")
  }

  private static func checked(
    _ path: String, _ file: ZooEntry.File, _ entry: ZooEntry
  ) throws -> String {
    func require<Value: Equatable>(
      _ what: String, _ listed: Value?, _ find: @autoclosure () throws -> Value?
    ) throws {
      guard let listed, case let found = try find(), found != listed else { return }
      throw ZooFailure(
        .digest, at: path, expected: "\(what) \(listed), as \(entry.name) lists it",
        found: found.map { "\($0)" } ?? "none")
    }
    try require("size", file.size, Files.stamp(of: path).size)
    try require("SHA-256", file.sha256, SHA256.digest(ofFile: path))
    // MD5 is asked only where nothing better is listed.
    if file.sha256 == nil { try require("MD5", file.md5, FileDigests(ofFile: path).md5) }
    return path
  }

  /// The addresses at which an entry's file may be had, best first.
  ///
  /// - Throws: `TransferFailure` for an address that is none.
  public func addresses(of file: ZooEntry.File, in entry: ZooEntry) throws -> [TransferSource] {
    var addresses: [Address] = []
    if let mirror, let sha256 = file.sha256 {
      addresses.append(try Self.address(Files.join(mirror, "blobs/\(sha256.hex)")))
    }
    let sources = entry.sources.filter { $0.isFetchable && $0.file == file.name }
    for state in [ZooEntry.Source.State.live, .notChecked] {
      addresses += try sources.filter { $0.state == state }.map { try Address($0.address) }
    }
    return try addresses.map(source)
  }

  /// An address that the index lists.
  ///
  /// - Throws: `TransferFailure` if the place of the index is no address.
  public func source(_ address: Address) throws -> TransferSource {
    TransferSource(address, listedBy: try mirror.map(Self.address))
  }

  /// An address, or the path of a file as one.
  ///
  /// - Throws: `TransferFailure`.
  public static func address(_ text: String) throws -> Address {
    isAddress(text) ? try Address(text) : try Address(path: text)
  }

  /// Whether a text is an address and not a path.
  public static func isAddress(_ text: String) -> Bool {
    ["https://", "http://", "file:"].contains { text.hasPrefix($0) }
  }

  // MARK: - Witnesses

  /// The copy of an entry's weights that was accepted on this machine, if this entry would accept
  /// it, too: entries of other zoos may have the same name.
  ///
  /// - Throws: `ZooFailure`, `JSONFailure`, `FileFailure`.
  public func witness(of entry: ZooEntry) throws -> Witness? {
    guard let cache = try? cache else { return nil }
    let path = Self.path(of: entry.name, in: cache)
    guard Files.exists(path) else { return nil }
    let witness = try Witness(
      json: JSON(parsing: Files.read(path, limit: 1 << 16), at: path), at: path)
    return witness.holds(for: entry) ? witness : nil
  }

  /// Remembers an accepted copy, instead of one before; its checkpoint leaves the cache if nothing else
  /// names it.
  ///
  /// - Throws: `FileFailure`.
  public func keep(_ witness: Witness) throws {
    let cache = try cache
    let path = Self.path(of: witness.entry, in: cache)
    let folder = Files.directory(of: path)
    let before = Self.witness(at: path)
    try Files.makeDirectories(folder)
    try AtomicFile.replace(path, with: Array(witness.json.canonicalText.utf8))
    guard let old = before?.checkpoint, old != witness.checkpoint else { return }
    let others = try Files.repairedNames(in: folder).compactMap {
      Self.witness(at: Files.join(folder, $0))?.checkpoint
    }
    let listed = index.entries.flatMap(\.files).compactMap(\.sha256)
    if !(others + listed).contains(old) { cache.remove(old) }
  }

  private static func witness(at path: String) -> Witness? {
    guard let json = try? JSON(parsing: Files.read(path, limit: 1 << 16), at: path) else {
      return nil
    }
    return try? Witness(json: json, at: path)
  }

  private static func path(of entry: String, in cache: Cache) -> String {
    Files.join(cache.root, "witnesses/\(entry).json")
  }

  /// The entries that a file of these digests belongs to, and why: by the entry or by a witness.
  ///
  /// - Throws: as `witness(of:)`.
  public func matches(digests: FileDigests, weightsID: Digest?) throws -> [EntryMatch] {
    try index.entries.compactMap { try match($0, digests: digests, weightsID: weightsID) }
  }

  /// Why a file of these digests is an entry's: by the entry or by a witness; `nil` if it is not.
  ///
  /// - Throws: as `witness(of:)`.
  public func match(
    _ entry: ZooEntry, digests: FileDigests, weightsID: Digest?
  ) throws -> EntryMatch? {
    try entry.match(digests, weightsID) ?? witness(of: entry)?.match(entry, digests, weightsID)
  }
}

/// An entry that a file belongs to.
public struct EntryMatch: Sendable {
  /// The entry.
  public let entry: ZooEntry
  /// By what.
  public let grounds: Witness.Grounds
  /// In words, as in `MD5 of checkpoint-199.pth`.
  public let text: String
  /// The earlier copy that vouches for it, if the entry itself does not.
  public let witness: Witness?

  init(entry: ZooEntry, grounds: Witness.Grounds, text: String, witness: Witness? = nil) {
    self.entry = entry
    self.grounds = grounds
    self.text = text
    self.witness = witness
  }
}

extension ZooEntry {
  /// How a user gets the checkpoint.
  public var advice: String {
    switch availability {
    case .embedded, .live, .unchecked: "qkzoo pull \(name)"
    case .bring: "no address is left; with a copy of it: qkzoo pull \(name) --from FILE"
    case .unreleased: "it was never released"
    }
  }

  func match(_ digests: FileDigests, _ weightsID: Digest?) -> EntryMatch? {
    for file in files {
      if let match = file.match(self, digests) { return match }
    }
    guard let weightsID, weightsID == self.weightsID else { return nil }
    return EntryMatch(entry: self, grounds: .weightsID, text: "weights-id")
  }
}

extension ZooEntry {
  /// The most bytes that a transfer takes of a file whose size the entry does not list: those of the
  /// largest listed file or, if that is more, of a training checkpoint of the entry's parameters.
  public var transferLimit: Int {
    // Four copies of eight bytes: weights, an average of them and two moments of an optimizer.
    let training = [parameterCount, 1 << 21].saturatingSum.multipliedReportingOverflow(by: 32)
    let listed = files.compactMap(\.size).max() ?? 0
    return max(listed, training.overflow ? .max : training.partialValue)
  }
}

extension ZooEntry.File {
  /// The file as a transfer wants it.
  public var wanted: WantedFile {
    WantedFile(name: name, size: size, sha256: sha256, md5: md5)
  }

  fileprivate func match(_ entry: ZooEntry, _ digests: FileDigests) -> EntryMatch? {
    if sha256 == digests.sha256 {
      return EntryMatch(entry: entry, grounds: .sha256, text: "SHA-256 of \(name)")
    }
    guard let md5, md5 == digests.md5, sha256 == nil else { return nil }
    return EntryMatch(entry: entry, grounds: .md5, text: "MD5 of \(name)")
  }
}

extension Witness {
  fileprivate func match(
    _ entry: ZooEntry, _ digests: FileDigests, _ weightsID: Digest?
  ) -> EntryMatch? {
    if file.sha256 == digests.sha256 || checkpoint == digests.sha256 {
      return EntryMatch(
        entry: entry, grounds: .sha256,
        text: "SHA-256 of a copy accepted by \(grounds.rawValue)", witness: self)
    }
    guard let weightsID, weightsID == self.weightsID else { return nil }
    return EntryMatch(
      entry: entry, grounds: .weightsID,
      text: "weights-id of a copy accepted by \(grounds.rawValue)", witness: self)
  }
}
