import Diagnostics
public import Digests
import FileAccess

/// The transfer of one file from any of several sources.
///
/// The bytes go to a partial file in a folder, with a journal beside it; if the process is killed,
/// the same download in the same folder goes on. Any number of processes may fetch the same file
/// into one folder at the same time, also on a shared file system: each has a partial file of its
/// own, and nothing appears under a final name before its size and digests are checked.
///
///     let wanted = WantedFile(name: "weights.pth", size: 66_136_056, md5: md5)
///     let fetched = try Download(wanted, from: [source], in: folder).run()
///     try fetched.publish(as: folder + "/weights.pth")
public struct Download {
  /// What is wanted.
  public let wanted: WantedFile
  /// Where it can be had, in the order in which the sources are asked.
  public let sources: [TransferSource]
  /// Where the partial file is kept; made if need be.
  public let folder: String
  /// How it is fetched.
  public let options: TransferOptions

  /// A download that can be run.
  public init(
    _ wanted: WantedFile, from sources: [TransferSource], in folder: String,
    options: TransferOptions = TransferOptions()
  ) {
    self.wanted = wanted
    self.sources = sources
    self.folder = folder
    self.options = options
  }

  /// Fetches the file, and checks its size and digests while it comes.
  ///
  /// A source that fails is followed by the next. `progress` is called on this thread about ten
  /// times a second. After `cancellation` the failure is `interrupted`; what is here stays.
  ///
  /// - Throws: `TransferFailure`, `FileFailure`.
  public func run(
    cancellation: Cancellation = Cancellation(),
    progress: @escaping (TransferProgress) -> Void = { _ in }
  ) throws -> FetchedFile {
    guard !sources.isEmpty else {
      throw TransferFailure(
        .noSource, at: wanted.name, expected: "an address of the file", found: "none")
    }
    try Files.makeDirectories(folder)
    let partial = try PartialFile.open(for: wanted, key: key, in: folder)
    let watch = TransferWatch(wanted.name, options, cancellation, progress)
    do {
      return try firstThatDelivers(partial, watch)
    } catch let failure as TransferFailure where failure.code == .tooLarge {
      // Nobody will want the rest of it.
      partial.discard()
      throw failure
    } catch {
      partial.close()
      throw error
    }
  }

  /// What names the partial files of the same content.
  private var key: String {
    if let sha256 = wanted.sha256 { return "sha256-\(sha256)" }
    if let md5 = wanted.md5 { return "md5-\(md5)" }
    return "address-\(SHA256.digest(of: sources[0].address.text).hex.prefix(32))"
  }

  private func firstThatDelivers(
    _ partial: PartialFile, _ watch: TransferWatch
  ) throws -> FetchedFile {
    var failures: [any Diagnosable] = []
    for source in sources {
      do {
        return try fetch(from: source, partial, watch)
      } catch let failure as TransferFailure where failure.code.isOfSource {
        failures.append(failure)
      } catch let failure as FileFailure where failure.place == source.address.text {
        failures.append(failure)
      }
    }
    throw summary(failures)
  }

  private func summary(_ failures: [any Diagnosable]) -> any Diagnosable {
    if failures.count == 1 { return failures[0] }
    let codes = failures.compactMap { ($0 as? TransferFailure)?.code }
    return TransferFailure(
      codes.first { [.digest, .size, .tooLarge].contains($0) } ?? codes.first ?? .unreachable,
      at: wanted.name,
      expected: "the file from one of \(failures.count) sources",
      found: failures.map(\.description).joined(separator: "; "))
  }

  private func fetch(
    from source: TransferSource, _ partial: PartialFile, _ watch: TransferWatch
  ) throws -> FetchedFile {
    var options = options
    for isLastChance in [false, true] {
      try read(source, partial, options, watch)
      let digests = try partial.hasher.finish(partial.total ?? 0)
      let fetched = FetchedFile(partial, digests, from: source.address)
      guard let failure = mismatch(fetched) else { return fetched }
      let isClean = partial.isClean
      try partial.reset()
      if isClean || isLastChance { throw failure }
      // Parts may not have fitted together. The second time there is only one.
      options.jobs = 1
    }
    preconditionFailure("the last chance returns or throws")
  }

  private func read(
    _ source: TransferSource, _ partial: PartialFile, _ options: TransferOptions,
    _ watch: TransferWatch
  ) throws {
    try Policy.check(source)
    if source.address.scheme == .file {
      try LocalTransfer(source: source, wanted: wanted, options: options, watch: watch).run(partial)
    } else {
      try HTTPTransfer(source, wanted, partial, options, watch).run()
    }
  }

  private func mismatch(_ fetched: FetchedFile) -> TransferFailure? {
    func compare(_ name: String, _ expected: Digest?, _ found: Digest?) -> TransferFailure? {
      guard let expected, found != expected else { return nil }
      return TransferFailure(
        .digest, at: "\(fetched.source)", expected: "\(name) \(expected)",
        found: found?.hex ?? "none")
    }
    return compare("SHA-256", wanted.sha256, fetched.sha256)
      ?? compare("MD5", wanted.md5, fetched.md5)
  }
}

/// A file that was fetched and checked, still under a temporary name.
public struct FetchedFile {
  private let partial: PartialFile
  /// The size in bytes.
  public let size: Int
  /// The SHA-256 digest of what is on the disk.
  public let sha256: Digest
  /// The MD5 sum, if one was wanted.
  public let md5: Digest?
  /// The source that sent the last bytes.
  public let source: Address

  init(_ partial: PartialFile, _ digests: [Digest], from source: Address) {
    self.partial = partial
    size = partial.total ?? 0
    sha256 = digests[0]
    md5 = digests.count > 1 ? digests[1] : nil
    self.source = source
  }

  /// Where it is now.
  public var path: String { partial.path }

  /// Gives it its final name, on the same file system and at once; a file of that name is
  /// replaced. It outlasts a power cut, and may not be written to.
  ///
  /// - Throws: `FileFailure`.
  public func publish(as path: String) throws {
    try partial.file.synchronize()
    try partial.file.makeReadOnly()
    try partial.file.requireName(partial.path)
    try Files.rename(partial.path, to: path)
    partial.discard()
    try Files.synchronizeDirectory(Files.directory(of: path))
  }

  /// Removes it.
  public func discard() { partial.discard() }
}
