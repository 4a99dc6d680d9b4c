import CanonicalJSON
import Diagnostics
public import Digests
import FileAccess

/// The entries of a zoo.
public struct ZooIndex: Sendable {
  /// The entries, by name.
  public let entries: [ZooEntry]
  /// The folder with the entries' files; `nil` for the entries that were compiled in.
  public let directory: String?
  private let folders: [String: String]

  /// The entries that were compiled into this software.
  ///
  /// - Throws: `ZooFailure`, `JSONFailure`.
  public static func compiledIn() throws -> ZooIndex {
    let json = try JSON(parsing: CompiledIndex.bytes, at: "compiled-in zoo")
    let entries = try (json.array ?? []).map { try ZooEntry(json: $0, at: "compiled-in zoo") }
    return try ZooIndex(entries: entries, directory: nil, folders: [:])
  }

  /// The entries of a folder like this project's `zoo`.
  ///
  /// - Throws: `ZooFailure`, `JSONFailure`, `FileFailure`.
  public static func directory(_ path: String) throws -> ZooIndex {
    let root = Files.join(path, "entries")
    var entries: [ZooEntry] = []
    var folders: [String: String] = [:]
    for name in try Files.names(in: root) where Files.isDirectory(Files.join(root, name)) {
      let folder = Files.join(root, name)
      let file = Files.join(folder, "entry.json")
      let json = try JSON(parsing: try Files.read(file, limit: 16 << 20), at: file)
      let entry = try ZooEntry(json: json, at: file)
      entries.append(entry)
      folders[entry.name] = folder
    }
    return try ZooIndex(entries: entries, directory: path, folders: folders)
  }

  private init(entries: [ZooEntry], directory: String?, folders: [String: String]) throws {
    self.entries = entries.sorted { $0.name < $1.name }
    self.directory = directory
    self.folders = folders
    var names: Set<String> = []
    for name in entries.flatMap({ [$0.name] + $0.aliases }) {
      guard names.insert(name.lowercased()).inserted else {
        throw ZooFailure(.entry, at: "zoo", expected: "each name once", found: "`\(name)` twice")
      }
    }
  }

  /// The entry of a name, an alias, or the first digits (at least six) of a model-id.
  ///
  /// - Throws: `ZooFailure`.
  public func entry(_ text: String) throws -> ZooEntry? {
    if let entry = entries.first(where: { $0.isNamed(text) }) { return entry }
    guard text.count >= 6 else { return nil }
    let matches = entries.filter { $0.modelID?.hex.hasPrefix(text.lowercased()) == true }
    guard matches.count <= 1 else {
      throw ZooFailure(
        .ambiguous, at: text, expected: "digits of one model-id",
        found: matches.map(\.name).joined(separator: ", "))
    }
    return matches.first
  }

  /// The path of an entry's file of some role.
  ///
  /// - Throws: `ZooFailure` if the file is not here.
  public func path(of role: String, in entry: ZooEntry) throws -> String {
    if let folder = folders[entry.name], let file = entry.file(role) {
      let path = Files.join(folder, file.name)
      if Files.exists(path) { return path }
    }
    let states = entry.sources.map { "\($0.kind): \($0.state), \($0.asOf)" }
    throw ZooFailure(
      .unavailable, at: entry.name,
      expected: "its \(role) below --index DIRECTORY (in a clone: --index zoo)",
      found: states.isEmpty ? "no known source" : states.joined(separator: "; "))
  }

  /// The path of an entry's file, whose digest is the one that the entry lists.
  ///
  /// Nothing in the file is parsed before that.
  ///
  /// - Throws: `ZooFailure`, `FileFailure`.
  public func checkedPath(of role: String, in entry: ZooEntry) throws -> String {
    let path = try path(of: role, in: entry)
    guard let expected = entry.file(role)?.sha256 else { return path }
    let found = try FileDigests(ofFile: path).sha256
    guard found == expected else {
      throw ZooFailure(
        .digest, at: path, expected: "SHA-256 \(expected), as \(entry.name) lists it",
        found: "\(found)")
    }
    return path
  }

  /// The entries that a file of these digests belongs to, and by which digest.
  public func matches(
    digests: FileDigests, weightsID: Digest?
  ) -> [(entry: ZooEntry, by: String)] {
    entries.compactMap { entry in
      for file in entry.files {
        if file.sha256 == digests.sha256 { return (entry, "SHA-256 of \(file.name)") }
        if file.md5 == digests.md5 { return (entry, "MD5 of \(file.name)") }
      }
      return weightsID != nil && entry.weightsID == weightsID ? (entry, "weights-id") : nil
    }
  }
}
