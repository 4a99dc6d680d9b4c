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
    var members = try Members(json, at: place)
    var unknown: [String] = []
    let schema = try members.need("schema", \.string)
    guard schema == Self.schema else {
      throw ZooFailure(.entry, at: place, expected: "schema \(Self.schema)", found: schema)
    }
    name = try members.need("name") { $0.string.flatMap { Self.isName($0) ? $0 : nil } }
    aliases = try members.need("aliases", Self.strings)
    title = try members.need("title", \.string)
    configuration = try ModelConfiguration(
      json: try members.need("configuration") { $0 }, at: "\(place) configuration")
    parameterCount = try members.need("parameters", \.int)
    accumulatesPerStep = try members.need("accumulates_per_step", \.int)
    dataset = try members.need("dataset", \.string)
    labels = try members.need("labels", \.string)
    var steps = try Members(
      try members.need("preprocessing") { $0 }, at: "\(place) preprocessing")
    preprocessing = try Preprocessing(&steps)
    unknown += steps.unknown
    licences = try members.need("licences") { licences in
      let texts = licences.object?.compactMapValues(\.string)
      return texts?.count == licences.object?.count ? texts : nil
    }
    files = try members.list("files", File.init, unknown: &unknown)
    sources = try members.list("sources", Source.init, unknown: &unknown)
    weightsID = try members.optional("weights_id", Members.sha256)
    modelID = try members.optional("model_id", Members.sha256)
    records = try Records(
      json: try members.need("records") { $0 }, at: "\(place) records")
    var nested: [String] = []
    figures = try members.list(
      "figures", { try Figure(&$0, unknown: &nested) }, unknown: &unknown)
    training = try members.optional("training", { $0 }).map { json in
      var run = try Members(json, at: "\(place) training")
      let training = try TrainingRun(&run)
      unknown += run.unknown
      return training
    }
    notes = try members.need("notes", Self.strings)
    evidence =
      members.rest["evidence"] == nil
      ? [] : try members.list("evidence", Evidence.init, unknown: &unknown)
    batchEffect = try members.optional("batch_effect") { $0 }.map { json in
      var members = try Members(json, at: "\(place) batch_effect")
      let effect = try RecordedBatchEffect(&members, unknown: &nested)
      nested += members.unknown
      return effect
    }
    self.json = json
    unknownMembers = unknown + nested + members.unknown
    try checkCounts(place)
  }

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

  fileprivate static func strings(_ json: JSON) -> [String]? {
    let texts = json.array?.compactMap(\.string)
    return texts?.count == json.array?.count ? texts : nil
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

  init(_ members: inout Members) throws {
    role = try members.need("role") { $0.string.flatMap(Role.init) }
    name = try members.need("name") { json in
      json.string.flatMap { Files.isBelow($0) ? $0 : nil }
    }
    let positive = { (json: JSON) in json.int.flatMap { $0 > 0 ? $0 : nil } }
    if role == .upstream {
      size = try members.optional("size", positive)
      sha256 = try members.optional("sha256", Members.sha256)
    } else {
      // What is used as it is must be known as it is.
      size = try members.need("size", positive)
      sha256 = try members.need("sha256", Members.sha256)
    }
    md5 = try members.optional("md5", Members.md5)
  }
}

extension ZooEntry.Source {
  fileprivate init(_ members: inout Members) throws {
    kind = try members.need("kind", \.string)
    address = try members.need("address", \.string)
    file = try members.optional("file", \.string)
    state = try members.need("state") { $0.string.flatMap(State.init) }
    asOf = try members.need("as_of", \.string)
    remark = try members.optional("remark", \.string)
  }
}
