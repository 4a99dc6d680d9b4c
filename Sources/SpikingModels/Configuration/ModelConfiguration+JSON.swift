public import CanonicalJSON
import Diagnostics

// Members are written and read in the same order; see schemas/v1/configuration.schema.json.

extension ModelConfiguration: Equatable {
  /// Whether both have the same canonical text.
  public static func == (left: ModelConfiguration, right: ModelConfiguration) -> Bool {
    left.json == right.json
  }
}

extension ModelConfiguration {
  private static let memberNames = [
    "architecture", "input", "time_steps", "classes", "batch_norm_eps", "lif",
  ]

  /// The configuration as JSON; its canonical text enters the model-id.
  public var json: JSON {
    let common: [String: JSON] = [
      "architecture": .string(architecture), "input": input.json,
      "time_steps": .integer(timeSteps), "classes": .integer(classes),
      "batch_norm_eps": .number(batchNormEpsilon),
      "lif": ["unit": neurons.unit.json, "attention": neurons.attention.json],
    ]
    return .object(common.merging(design.members) { common, _ in common })
  }

  /// Reads and validates a configuration; `place` names the text in errors.
  ///
  /// - Parameter families: the architectures that can be read.
  /// - Throws: `ConfigurationFailure`.
  public init(json: JSON, at place: String, families: FamilyTable = .known) throws {
    let family = try families.family(named: json["architecture"], at: place)
    let members = try ConfigurationMembers(
      json, at: place, required: Self.memberNames + family.memberNames,
      optional: family.laterMemberNames)
    design = try family.init(members)
    input = try Input(json: members.value("input"), at: members.place(of: "input"))
    timeSteps = try members.int("time_steps")
    classes = try members.int("classes")
    batchNormEpsilon = try members.double("batch_norm_eps")
    neurons = try Neurons(json: members.value("lif"), at: members.place(of: "lif"))
    try validate(at: place)
  }
}

extension ModelConfiguration.Input {
  fileprivate var json: JSON {
    [
      "coding": .string(coding.rawValue), "channels": .integer(channels),
      "height": .integer(height), "width": .integer(width),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try ConfigurationMembers(
      json, at: place, required: ["coding", "channels", "height", "width"])
    coding = try members.choice("coding")
    channels = try members.int("channels")
    height = try members.int("height")
    width = try members.int("width")
  }
}

extension ModelConfiguration.Neurons {
  fileprivate init(json: JSON, at place: String) throws {
    let members = try ConfigurationMembers(json, at: place, required: ["unit", "attention"])
    unit = try LIFParameters(json: members.value("unit"), at: members.place(of: "unit"))
    attention = try LIFParameters(
      json: members.value("attention"), at: members.place(of: "attention"))
  }
}

extension LIFParameters {
  /// What happens to the potential of a neuron that fired.
  private enum Reset: String, CaseIterable { case hard, soft }

  fileprivate var json: JSON {
    [
      "tau": .number(Double(timeConstant)), "v_threshold": .number(Double(threshold)),
      "fires": .string(fires.rawValue), "reset": .string(Reset.hard.rawValue),
      "v_reset": .number(Double(resetPotential)),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try ConfigurationMembers(
      json, at: place, required: ["tau", "v_threshold", "fires", "reset", "v_reset"])
    timeConstant = try members.float("tau")
    threshold = try members.float("v_threshold")
    fires = try members.choice("fires")
    let reset: Reset = try members.choice("reset")
    guard reset == .hard else {
      throw ConfigurationFailure(
        .unsupported, at: members.place(of: "reset"), expected: "`hard`", found: "`soft`")
    }
    resetPotential = try members.float("v_reset")
  }
}
