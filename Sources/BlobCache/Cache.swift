import CanonicalJSON
import Diagnostics
public import Digests
import FileAccess
public import Transfer

/// Files by their content: each has its SHA-256 as its name, is read-only, and appears only when
/// it is complete and checked.
///
/// Any number of processes and machines may use one cache at the same time. Nothing rests on locks:
/// files are made under names of their own and then renamed.
///
///     blobs/SHA256          the files
///     records/SHA256.json   what is known of each, `BlobRecord`
///     incoming/             partial files of `Download`
public struct Cache: Sendable {
  /// The folder.
  public let root: String

  /// A cache in a folder, which need not exist.
  public init(root: String) { self.root = root }

  /// The user's cache: `QKZOO_HOME`, else `qkzoo` in `XDG_CACHE_HOME` or in `~/.cache`.
  ///
  /// - Throws: `CacheFailure` if none of the variables is set.
  public init(environment: (String) -> String?) throws {
    if let home = environment("QKZOO_HOME") {
      root = home
    } else if let caches = environment("XDG_CACHE_HOME"), caches.hasPrefix("/") {
      root = Files.join(caches, "qkzoo")
    } else if let home = environment("HOME") {
      root = Files.join(home, ".cache/qkzoo")
    } else {
      throw CacheFailure(
        .noPlace, at: "cache", expected: "QKZOO_HOME, XDG_CACHE_HOME or HOME", found: "none is set")
    }
  }

  /// The blob of a digest, whose bytes were checked since they last changed; `nil` if it is not
  /// here.
  ///
  /// A blob without a record, or with another time than in its record, is read and checked.
  ///
  /// - Throws: `CacheFailure` if it is damaged, `FileFailure`.
  public func blob(sha256: Digest) throws -> CachedBlob? {
    guard Files.exists(path(of: sha256)) else { return nil }
    if let record = record(of: sha256), record.stamp == (try Files.stamp(of: path(of: sha256))) {
      return CachedBlob(path: path(of: sha256), record: record)
    }
    return try check(sha256)
  }

  /// The blob that is a wanted file, by any digest that is known of it; `nil` if it is not here.
  ///
  /// - Throws: `CacheFailure` if it is damaged, `FileFailure`.
  public func blob(_ wanted: WantedFile) throws -> CachedBlob? {
    if let sha256 = wanted.sha256 { return try blob(sha256: sha256) }
    guard let md5 = wanted.md5 else { return nil }
    let records = try digests().compactMap(record(of:))
    guard let match = records.first(where: { $0.md5 == md5 }) else { return nil }
    return try blob(sha256: match.sha256)
  }

  /// The blob that is a wanted file; if it is not here, it is fetched.
  ///
  /// A damaged blob is replaced. A file of this machine is put into the cache by its `file:`
  /// address or path.
  ///
  /// - Throws: `TransferFailure`, `FileFailure`.
  public func fetch(
    _ wanted: WantedFile, from sources: [TransferSource],
    options: TransferOptions = TransferOptions(), cancellation: Cancellation = Cancellation(),
    progress: @escaping (TransferProgress) -> Void = { _ in }
  ) throws -> CachedBlob {
    do {
      if let blob = try blob(wanted) { return blob }
    } catch let failure as CacheFailure where failure.code == .damaged {
      // What is fetched below takes its place.
    }
    try prepare()
    let fetched = try Download(wanted, from: sources, in: incoming, options: options)
      .run(cancellation: cancellation, progress: progress)
    let isNew = !Files.exists(path(of: fetched.sha256))
    try fetched.publish(as: path(of: fetched.sha256))
    var blob = try enter(
      fetched.sha256, name: wanted.name, source: fetched.source.description, md5: fetched.md5)
    blob.isNew = isNew
    return blob
  }

  /// Where the blob of a digest is, or would be.
  public func path(of sha256: Digest) -> String { Files.join(blobs, sha256.hex) }

  // MARK: - Folders

  var blobs: String { Files.join(root, "blobs") }
  package var records: String { Files.join(root, "records") }
  var incoming: String { Files.join(root, "incoming") }

  func prepare() throws {
    let made = try [blobs, records, incoming].flatMap { try Files.makeDirectories($0) }
    let tag = Files.join(root, "CACHEDIR.TAG")
    guard !Files.exists(tag) else { return }
    do {
      try AtomicFile.replace(tag, with: Array(Self.tag.utf8))
    } catch {
      Files.removeEmpty(made)
      throw error
    }
  }

  /// Tells backup programs to leave the folder out (bford.info/cachedir).
  private static let tag = """
    Signature: 8a477f597d28d172789f06886806bc55
    # Files that qkzoo has fetched; `qkzoo cache` manages them.

    """

  // MARK: - Records

  /// The digests that are the name of a blob.
  func digests() throws -> [Digest] {
    guard Files.isDirectory(blobs) else { return [] }
    return try Files.repairedNames(in: blobs).compactMap(Digest.init(hex:)).filter {
      $0.bytes.count == 32
    }
  }

  package func recordPath(of sha256: Digest) -> String { Files.join(records, sha256.hex + ".json") }

  func record(of sha256: Digest) -> BlobRecord? {
    let path = recordPath(of: sha256)
    guard let bytes = try? Files.read(path, limit: 1 << 16),
      let json = try? JSON(parsing: bytes, at: path), let record = BlobRecord(json: json),
      record.sha256 == sha256
    else { return nil }
    return record
  }

  /// Writes the record of a blob whose bytes were just checked.
  func enter(
    _ sha256: Digest, name: String, source: String, md5: Digest?
  ) throws -> CachedBlob {
    let path = path(of: sha256)
    let record = BlobRecord(
      name: name, source: source, sha256: sha256, md5: md5, stamp: try Files.stamp(of: path),
      verified: WallClock.seconds)
    // A cache that may only be read is of use too.
    try? AtomicFile.replace(recordPath(of: sha256), with: Array(record.json.canonicalText.utf8))
    return CachedBlob(path: path, record: record)
  }

  /// Reads a blob and compares it with its name.
  ///
  /// - Throws: `CacheFailure` if it is damaged, `FileFailure`.
  @discardableResult
  func check(_ sha256: Digest) throws -> CachedBlob {
    let path = path(of: sha256)
    let before = try Files.stamp(of: path)
    let found = try SHA256.digest(ofFile: path)
    guard found == sha256, try Files.stamp(of: path) == before else {
      throw CacheFailure(.damaged, at: path, expected: "SHA-256 \(sha256)", found: "\(found)")
    }
    let old = record(of: sha256)
    return try enter(
      sha256, name: old?.name ?? sha256.hex, source: old?.source ?? "unknown", md5: old?.md5)
  }
}
