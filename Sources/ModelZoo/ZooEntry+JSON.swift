public import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import SpikingModels

extension ZooEntry {
  /// The value of `schema`.
  public static let schema = "qkzoo.entry/1"

  /// Reads an entry; `place` names it in errors.
  ///
  /// Members that this version does not know are noted, not refused: a later zoo stays readable.
  ///
  /// - Throws: `ZooFailure`, `ConfigurationFailure`, `CheckpointFailure`.
  public init(json: JSON, at place: String) throws {
    var unknown: [String] = []
    let members = try ZooMembers(
      json, at: place, required: Self.required, optional: Self.optional, unknown: &unknown)
    let schema = try members.string("schema")
    guard schema == Self.schema else {
      throw ZooFailure(.entry, at: place, expected: "schema \(Self.schema)", found: schema)
    }
    name = try members.value("name", "a name of lower-case letters, digits, hyphens and points") {
      $0.string.flatMap { Self.isName($0) ? $0 : nil }
    }
    aliases = try members.strings("aliases")
    title = try members.string("title")
    configuration = try ModelConfiguration(
      json: members.value("configuration"), at: members.place(of: "configuration"))
    parameterCount = try members.int("parameters")
    accumulatesPerStep = try members.int("accumulates_per_step")
    dataset = try members.string("dataset")
    labels = try members.string("labels")
    preprocessing = try Preprocessing(
      json: members.value("preprocessing"), at: members.place(of: "preprocessing"),
      unknown: &unknown)
    licences = try members.value("licences", "texts by what they are for") { licences in
      let texts = licences.object?.compactMapValues(\.string)
      return texts?.count == licences.object?.count ? texts : nil
    }
    files = try members.list("files") { try File(json: $0, at: $1, unknown: &unknown) }
    sources = try members.list("sources") { try Source(json: $0, at: $1, unknown: &unknown) }
    weightsID = try members.optional("weights_id", "a SHA-256", \.sha256)
    modelID = try members.optional("model_id", "a SHA-256", \.sha256)
    records = try Records(json: members.value("records"), at: members.place(of: "records"))
    figures = try members.list("figures") { try Figure(json: $0, at: $1, unknown: &unknown) }
    training = try members.optional("training", "an object") {
      try TrainingRun(json: $0, at: members.place(of: "training"), unknown: &unknown)
    }
    notes = try members.strings("notes")
    evidence =
      members.has("evidence")
      ? try members.list("evidence") { try Evidence(json: $0, at: $1, unknown: &unknown) } : []
    batchEffect = try members.optional("batch_effect", "an object") {
      try RecordedBatchEffect(json: $0, at: members.place(of: "batch_effect"), unknown: &unknown)
    }
    self.json = json
    unknownMembers = unknown
    try checkCounts(place)
  }

  private static let required = [
    "schema", "name", "aliases", "title", "configuration", "parameters", "accumulates_per_step",
    "dataset", "labels", "preprocessing", "licences", "files", "sources", "records", "figures",
    "notes",
  ]
  private static let optional = [
    "weights_id", "model_id", "training", "evidence", "batch_effect",
  ]

  private func checkCounts(_ place: String) throws {
    let plan = NetworkPlan(configuration)
    for (member, expected, found) in [
      ("parameters", plan.parameterCount, parameterCount),
      ("accumulates_per_step", plan.accumulatesPerStep, accumulatesPerStep),
    ] where found != expected {
      throw ZooFailure(
        .entry, at: "\(place) \(member)", expected: "\(expected), as the configuration has",
        found: "\(found)")
    }
  }

  /// Lower-case letters, digits, hyphens and points: a name is also a file's name and an address.
  public static func isName(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
    }
    return isPlain && !text.isEmpty && !text.hasPrefix(".") && !text.hasPrefix("-")
  }
}

extension ZooEntry.File {
  /// The file as an entry lists it.
  public var json: JSON {
    var members: [String: JSON] = ["role": .string(role.rawValue), "name": .string(name)]
    members["size"] = size.map { .integer($0) }
    members["sha256"] = sha256.map { .string($0.hex) }
    members["md5"] = md5.map { .string($0.hex) }
    return .object(members)
  }

  init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: ["role", "name"], optional: ["size", "sha256", "md5"],
      unknown: &unknown)
    role = try members.choice("role")
    name = try members.value("name", "a path below the entry's folder") { json in
      json.string.flatMap { Files.isBelow($0) ? $0 : nil }
    }
    let positive = { (json: JSON) in json.int.flatMap { $0 > 0 ? $0 : nil } }
    if role == .upstream {
      size = try members.optional("size", "a size above 0", positive)
      sha256 = try members.optional("sha256", "a SHA-256", \.sha256)
    } else {
      // What is used as it is must be known as it is.
      size = try members.value("size", "a size above 0", positive)
      sha256 = try members.sha256("sha256")
    }
    md5 = try members.optional("md5", "an MD5 sum", \.md5)
  }
}

extension ZooEntry.Source {
  fileprivate init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: ["kind", "address", "state", "as_of"],
      optional: ["file", "remark"], unknown: &unknown)
    kind = try members.string("kind")
    address = try members.string("address")
    file = try members.optionalString("file")
    state = try members.choice("state")
    asOf = try members.string("as_of")
    remark = try members.optionalString("remark")
  }
}
