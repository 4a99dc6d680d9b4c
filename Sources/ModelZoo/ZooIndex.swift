public import CanonicalJSON
import Diagnostics
public import Digests
import FileAccess
public import SpikingModels

/// The entries of a zoo, and the names of the classes of its datasets.
///
/// Corresponds to `schemas/v1/index.schema.json`.
public struct ZooIndex: Sendable {
  /// The entries, by name.
  public let entries: [ZooEntry]
  /// Class names by list, in the order of the classifier's outputs.
  public let labels: [String: [String]]
  private let folders: [String: String]
  /// Where files of the entries may be, by the SHA-256 that is listed of them.
  private let places: [Digest: [String]]
  private let isCompiledIn: Bool

  /// The value of `schema`.
  public static let schema = "qkzoo.index/1"

  /// The zoo that was compiled into this software.
  ///
  /// - Throws: `ZooFailure`, `JSONFailure`.
  public static func compiledIn() throws -> ZooIndex {
    let place = "compiled-in zoo"
    let json = try JSON(parsing: CompiledZoo.index, at: place)
    return try ZooIndex(json: json, at: place, folders: [:], isCompiledIn: true)
  }

  /// A zoo from its index; `place` names it in errors.
  ///
  /// - Throws: `ZooFailure`, `ConfigurationFailure`, `CheckpointFailure`.
  public init(json: JSON, at place: String) throws {
    try self.init(json: json, at: place, folders: [:], isCompiledIn: false)
  }

  /// The zoo of a folder like this project's `zoo`.
  ///
  /// - Throws: `ZooFailure`, `JSONFailure`, `FileFailure`, `SignatureFailure`.
  public static func directory(_ path: String) throws -> ZooIndex {
    try ZooSource(folder: path).index()
  }

  /// A zoo from its parts; `folders` says where the files of entries are.
  ///
  /// - Throws: `ZooFailure` for a name that two entries have.
  init(entries: [ZooEntry], labels: [String: [String]], folders: [String: String]) throws {
    try self.init(entries: entries, labels: labels, folders: folders, isCompiledIn: false)
  }

  private init(
    json: JSON, at place: String, folders: [String: String], isCompiledIn: Bool
  ) throws {
    guard json["schema"]?.string == Self.schema, let entries = json["entries"]?.array,
      let labels = json["labels"]?.object
    else {
      throw ZooFailure(
        .entry, at: place, expected: "an object of schema \(Self.schema), entries and labels",
        found: PlainText.excerpt(json.canonicalText))
    }
    try self.init(
      entries: entries.enumerated().map { index, entry in
        try ZooEntry(json: entry, at: "\(place) \(entry["name"]?.string ?? "entry \(index)")")
      },
      labels: labels.mapValues { $0.array?.compactMap(\.string) ?? [] }, folders: folders,
      isCompiledIn: isCompiledIn)
  }

  private init(
    entries: [ZooEntry], labels: [String: [String]], folders: [String: String], isCompiledIn: Bool
  ) throws {
    self.entries = entries.sorted { $0.name < $1.name }
    self.labels = labels
    self.folders = folders
    places = Self.places(of: self.entries, in: folders)
    self.isCompiledIn = isCompiledIn
    var names: Set<String> = []
    for name in entries.flatMap({ [$0.name] + $0.aliases }) {
      guard names.insert(name.lowercased()).inserted else {
        throw ZooFailure(.entry, at: "zoo", expected: "each name once", found: "`\(name)` twice")
      }
    }
  }

  private static func places(
    of entries: [ZooEntry], in folders: [String: String]
  ) -> [Digest: [String]] {
    var places: [Digest: [String]] = [:]
    for entry in entries {
      guard let folder = folders[entry.name] else { continue }
      for file in entry.files {
        guard let sha256 = file.sha256 else { continue }
        places[sha256, default: []].append(Files.join(folder, file.name))
      }
    }
    return places
  }

  /// The zoo as one JSON object, as a mirror serves it.
  public var json: JSON {
    [
      "schema": .string(Self.schema), "entries": .array(entries.map(\.json)),
      "labels": .object(labels.mapValues { .array($0.map { .string($0) }) }),
    ]
  }

  /// The lists of class names, in words.
  public var labelsText: String {
    labels.isEmpty
      ? "a list of class names; this zoo has none in labels/NAME.json"
      : "one of \(labels.keys.sorted().joined(separator: ", "))"
  }

  /// The configuration of each entry, by its name.
  public var configurations: [String: ModelConfiguration] {
    Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.configuration) })
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

  /// The entry that lists a model-id.
  public func entry(of modelID: Digest) -> ZooEntry? { entries.first { $0.modelID == modelID } }

  /// The entry of a name, which must exist.
  ///
  /// - Throws: `ZooFailure`.
  public func requiredEntry(_ text: String) throws -> ZooEntry {
    if let entry = try entry(text) { return entry }
    let guess = nearestName(to: text).map { "did you mean `\($0)`? " } ?? ""
    throw ZooFailure(
      .unknownEntry, at: text, expected: "a file, an entry's name or a model-id",
      found: "nothing of that name; \(guess)`qkzoo list --all` shows the entries")
  }

  /// The name or alias that a text may be a slip for.
  private func nearestName(to text: String) -> String? {
    guard (5...100).contains(text.count) else { return nil }
    let names = entries.flatMap { [$0.name] + $0.aliases }
    let lowered = Dictionary(names.map { ($0.lowercased(), $0) }) { first, _ in first }
    let nearest = Glob(text.lowercased()).nearest(lowered.keys.sorted(), count: 1, within: 2)
    return nearest.first.flatMap { lowered[$0] }
  }

  /// The path of an entry's file in the zoo's folder; `nil` if it is not there. Entries that list
  /// the same digest share the file.
  public func path(of file: ZooEntry.File, in entry: ZooEntry) -> String? {
    let names = entry.files.filter { $0 == file || file.sha256 != nil && $0.sha256 == file.sha256 }
    let own = folders[entry.name].map { folder in names.map { Files.join(folder, $0.name) } } ?? []
    let others = file.sha256.flatMap { places[$0] } ?? []
    return (own + others).first(where: Files.exists)
  }

  /// The bytes of a file that is part of this software; `nil` for others.
  public func embedded(_ file: ZooEntry.File) -> [UInt8]? {
    isCompiledIn ? file.sha256.flatMap(CompiledZoo.file) : nil
  }
}

extension ZooEntry {
  /// The most bytes of a description that are read.
  static let sizeLimit = 16 << 20

  /// Reads an entry's description.
  ///
  /// - Throws: `ZooFailure`, `ConfigurationFailure`, `CheckpointFailure`, `JSONFailure`,
  ///   `FileFailure`.
  public init(file path: String) throws {
    let json = try JSON(parsing: try Files.read(path, limit: Self.sizeLimit), at: path)
    try self.init(json: json, at: path)
  }
}
