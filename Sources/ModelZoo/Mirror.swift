import BlobCache
import CanonicalJSON
import Diagnostics
public import Digests
import FileAccess
import Signatures

/// A static tree with a zoo that any web server can serve and any medium can carry.
///
///     index.json       the entries, `ZooIndex.json`, completed by what was accepted on this machine
///     index.json.sig   the signature of whoever made the tree, if they have a key
///     blobs/SHA256     the files
public struct Mirror {
  /// The name of the index in the tree.
  public static let indexName = "index.json"
  /// The most bytes of an index that are read.
  public static let indexLimit = 256 << 20

  /// Reads the index of a mirror.
  ///
  /// - Throws: `ZooFailure`, `JSONFailure`, `FileFailure`.
  public static func index(at path: String) throws -> ZooIndex {
    try ZooSource(index: Files.read(path, limit: indexLimit), at: path).index()
  }

  /// What a mirror holds.
  public struct Content: Sendable {
    /// The entries' names with the number of files of each that are in the tree.
    public var entries: [(name: String, files: Int, licence: String)] = []
    /// The bytes of all files, each counted once.
    public var bytes = 0
    /// Whether an index was signed before, and the new one is not.
    public var hasLostSignature = false
  }

  /// Writes a mirror of some entries: what of them is on this machine.
  ///
  /// Files that are there already are read, and kept if they are what their name says; nothing but a
  /// signature of the index before is removed. The index and its signature come last.
  ///
  /// - Throws: `ZooFailure`, `CacheFailure`, `FileFailure`, `SignatureFailure`.
  public static func write(
    _ entries: [ZooEntry], of zoo: LocalZoo, to folder: String, signedBy key: SigningKey? = nil
  ) throws -> Content {
    try check(folder)
    return try Files.makingDirectories(Files.join(folder, "blobs")) {
      try fill(folder, with: entries, of: zoo, signedBy: key)
    }
  }

  private static func fill(
    _ folder: String, with entries: [ZooEntry], of zoo: LocalZoo, signedBy key: SigningKey?
  ) throws -> Content {
    var content = Content()
    var described: [JSON] = []
    var sizes: [Digest: Int] = [:]
    for entry in entries {
      let files = try filesHere(entry, zoo)
      for (file, path) in files {
        guard let sha256 = file.sha256, sizes[sha256] == nil else { continue }
        sizes[sha256] = try keep(path, sha256, in: folder)
      }
      content.entries.append(
        (entry.name, files.count, entry.licences["weights"] ?? "none stated"))
      described.append(try completed(entry, files.map(\.file), zoo))
    }
    content.bytes = sizes.values.saturatingSum
    var index = zoo.index.json.object ?? [:]
    index["entries"] = .array(described)
    let path = Files.join(folder, indexName)
    content.hasLostSignature = key == nil && Files.exists(path + SignatureBundle.suffix)
    try replace(path, with: JSON.object(index).canonicalBytes, signedBy: key)
    return content
  }

  /// Has a file in the tree: what has its name and is another is replaced.
  ///
  /// - Returns: its size.
  private static func keep(_ path: String, _ sha256: Digest, in folder: String) throws -> Int {
    let copy = Files.join(folder, "blobs/\(sha256.hex)")
    if (try? SHA256.digest(ofFile: copy)) != sha256 { try Files.copy(path, to: copy) }
    return try Files.stamp(of: copy).size
  }

  /// Writes the index and its signature; where there is no room for both, those before stay. What no
  /// reader would take is not written.
  private static func replace(
    _ path: String, with index: [UInt8], signedBy key: SigningKey?
  ) throws {
    let source = ZooSource(index: index, at: path)
    _ = try source.index()
    let bundle = try key.map { try SignatureBundle(signing: source.statement(), with: $0) }
    try AtomicFile.replace(path, with: index) {
      let signature = path + SignatureBundle.suffix
      if let bundle {
        try AtomicFile.replace(signature, with: bundle.json.canonicalBytes)
      } else {
        Files.remove(signature)
      }
    }
  }

  /// Requires a folder to be new or empty, or a mirror: an index of a zoo, its blobs, and nothing that
  /// the new index would hide, as entries are. A mirror that was interrupted before its first index has
  /// blobs alone.
  private static func check(_ folder: String) throws {
    guard Files.exists(folder) else { return }
    let index = Files.join(folder, indexName)
    let names = try Files.repairedNames(in: folder).filter {
      !AtomicFile.isLeftover($0, of: indexName)
    }
    let isOwn =
      names.contains(indexName)
      ? (try? JSON(parsing: Files.read(index, limit: indexLimit), at: index))?["schema"]?.string
        == ZooIndex.schema && !names.contains("entries")
      : names.allSatisfy { $0 == "blobs" }
    guard !isOwn else { return }
    throw FileFailure(
      .exists, at: folder, expected: "a new or empty folder, or one that is a mirror",
      found: names.sorted().prefix(3).joined(separator: ", "))
  }

  /// The files of an entry that are here and that a mirror can serve: by their SHA-256.
  private static func filesHere(
    _ entry: ZooEntry, _ zoo: LocalZoo
  ) throws -> [(file: ZooEntry.File, path: String)] {
    var files = try entry.files.filter { $0.sha256 != nil }.compactMap { file in
      try zoo.path(of: file, in: entry).map { (file: file, path: $0) }
    }
    if entry.file(.checkpoint) == nil, let digest = try zoo.witness(of: entry)?.checkpoint,
      let blob = try zoo.cache.blob(sha256: digest)
    {
      let file = ZooEntry.File(
        role: .checkpoint, name: "\(entry.name).qkz.h5", size: blob.record.stamp.size,
        sha256: digest, md5: nil)
      files.append((file, blob.path))
    }
    return files
  }

  /// An entry with what the files here tell beyond it: their digests, and where they are.
  private static func completed(
    _ entry: ZooEntry, _ here: [ZooEntry.File], _ zoo: LocalZoo
  ) throws -> JSON {
    var members = entry.json.object ?? [:]
    let added = here.filter { !entry.files.contains($0) }
    members["files"] = .array((entry.files + added).map(\.json))
    if let witness = try zoo.witness(of: entry), entry.modelID == nil {
      members["weights_id"] = .string(witness.weightsID.hex)
      members["model_id"] = .string(witness.modelID.hex)
    }
    let kept = (members["sources"]?.array ?? []).filter {
      $0["kind"]?.string != ZooEntry.embeddedKind
    }
    let mirrored: [JSON] =
      here.isEmpty
      ? []
      : [
        [
          "kind": "mirror", "address": "beside this index", "state": "live",
          "as_of": .string(WallClock.today),
        ]
      ]
    members["sources"] = .array(mirrored + kept)
    return .object(members)
  }
}
