public import CanonicalJSON
public import CheckpointFormat
import Diagnostics
public import Digests
public import QKFormerModel

/// One model of the zoo: what is known about it, and by whom.
///
/// Corresponds to `zoo/entries/*/entry.json` and `schemas/v1/entry.schema.json`.
public struct ZooEntry: Sendable {
  /// A file of the entry, by its content.
  public struct File: Sendable {
    /// What it is: `checkpoint`, `upstream`, `test-data`, `reference`.
    public let role: String
    /// Its name.
    public let name: String
    /// Its size in bytes, if known.
    public let size: Int?
    /// Its SHA-256, if known.
    public let sha256: Digest?
    /// Its MD5 sum, if known.
    public let md5: Digest?
  }

  /// Where a file can or could be had.
  public struct Source: Sendable {
    /// As in `repository`, `google-drive`, `baidu`.
    public let kind: String
    /// The address.
    public let address: String
    /// The last known state: `live`, `dead`, `never released`, `not checked`.
    public let state: String
    /// The day of that state, as in `2025-12-19`.
    public let asOf: String
  }

  /// The name by the zoo's rule.
  public let name: String
  /// Other names.
  public let aliases: [String]
  /// One line.
  public let title: String
  /// What the model is.
  public let configuration: QKFormerConfiguration
  /// The number of trained parameters.
  public let parameterCount: Int
  /// What the figures were measured on.
  public let dataset: String
  /// Licences of code, weights and data; may say `none stated`.
  public let licences: [String: String]
  /// The files.
  public let files: [File]
  /// Where they can be had.
  public let sources: [Source]
  /// Recognises the weights.
  public let weightsID: Digest?
  /// The model.
  public let modelID: Digest?
  /// Accuracy and firing records.
  public let records: Records
  /// Figures that are not shares of right answers of a known count: text and its source.
  public let reported: [(what: String, value: Double, unit: String, source: String)]
  /// Remarks a user should see.
  public let notes: [String]
  /// The description as it was read.
  public let json: JSON

  /// Whether its checkpoint can be had now, as far as is known.
  public var isAvailable: Bool { sources.contains { $0.state == "live" } }

  /// The file of a role.
  public func file(_ role: String) -> File? { files.first { $0.role == role } }

  /// Whether a name means this entry; letter case does not matter.
  public func isNamed(_ text: String) -> Bool {
    ([name] + aliases).contains { $0.lowercased() == text.lowercased() }
  }
}

extension ZooEntry {
  /// The value of `schema`.
  public static let schema = "qkzoo.entry/1"

  /// Reads an entry; `place` names it in errors.
  ///
  /// - Throws: `ZooFailure`, `ConfigurationFailure`, `CheckpointFailure`.
  public init(json: JSON, at place: String) throws {
    func need<Value>(_ value: Value?, _ member: String) throws -> Value {
      guard let value else {
        throw ZooFailure(
          .entry, at: place, expected: "member `\(member)` of \(Self.schema)",
          found: json[member]?.canonicalText ?? "none")
      }
      return value
    }
    guard json["schema"]?.string == Self.schema else {
      throw ZooFailure(
        .entry, at: place, expected: "schema \(Self.schema)",
        found: json["schema"]?.canonicalText ?? "none")
    }
    let name = try need(json["name"]?.string, "name")
    self.name = name
    aliases = try need(json["aliases"]?.array, "aliases").compactMap(\.string)
    title = try need(json["title"]?.string, "title")
    configuration = try QKFormerConfiguration(
      json: try need(json["configuration"], "configuration"), at: "\(place) configuration")
    parameterCount = try need(json["parameters"]?.int, "parameters")
    dataset = try need(json["dataset"]?.string, "dataset")
    licences = try need(json["licences"]?.object, "licences").compactMapValues(\.string)
    files = try need(json["files"]?.array, "files").map { try File(json: $0, at: place) }
    sources = try need(json["sources"]?.array, "sources").map { try Source(json: $0, at: place) }
    weightsID = json["weights_id"]?.string.flatMap(Digest.init(hex:))
    modelID = json["model_id"]?.string.flatMap(Digest.init(hex:))
    records = try Records(json: try need(json["records"], "records"), at: "\(place) records")
    reported = try need(json["reported"]?.array, "reported").map { figure in
      (
        try need(figure["what"]?.string, "reported what"),
        try need(figure["value"]?.double, "reported value"),
        try need(figure["unit"]?.string, "reported unit"),
        try need(figure["source"]?.string, "reported source")
      )
    }
    notes = try need(json["notes"]?.array, "notes").compactMap(\.string)
    self.json = json
    try checkCount(place)
  }

  private func checkCount(_ place: String) throws {
    let count = NetworkPlan(configuration).parameterCount
    guard count == parameterCount else {
      throw ZooFailure(
        .entry, at: "\(place) parameters", expected: "\(count), as the configuration has",
        found: "\(parameterCount)")
    }
  }
}

extension ZooEntry.File {
  fileprivate init(json: JSON, at place: String) throws {
    guard let role = json["role"]?.string, let name = json["name"]?.string else {
      throw ZooFailure(
        .entry, at: "\(place) files", expected: "a role and a name", found: json.canonicalText)
    }
    guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
      throw ZooFailure(
        .entry, at: "\(place) files", expected: "a name below the entry", found: name)
    }
    self.init(
      role: role, name: name, size: json["size"]?.int,
      sha256: json["sha256"]?.string.flatMap(Digest.init(hex:)),
      md5: json["md5"]?.string.flatMap(Digest.init(hex:)))
  }
}

extension ZooEntry.Source {
  fileprivate init(json: JSON, at place: String) throws {
    guard let kind = json["kind"]?.string, let address = json["address"]?.string,
      let state = json["state"]?.string, let asOf = json["as_of"]?.string,
      ["live", "dead", "never released", "not checked"].contains(state)
    else {
      throw ZooFailure(
        .entry, at: "\(place) sources", expected: "kind, address, state and as_of",
        found: json.canonicalText)
    }
    self.init(kind: kind, address: address, state: state, asOf: asOf)
  }
}
