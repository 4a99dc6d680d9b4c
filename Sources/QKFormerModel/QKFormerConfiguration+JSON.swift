public import CanonicalJSON
import Diagnostics

// One list of members per object, written and read in the same order; see
// schemas/v1/configuration.schema.json.

extension QKFormerConfiguration {
  /// The configuration as JSON; its canonical text enters the model-id.
  public var json: JSON {
    [
      "architecture": "qkformer",
      "family": .string(family.rawValue),
      "input": input.json,
      "time_steps": .integer(timeSteps),
      "classes": .integer(classes),
      "stages": .array(stages.map(\.json)),
      "inner_mlp_shortcut": .bool(innerMLPShortcut),
      "batch_norm_eps": .number(batchNormEpsilon),
      "lif": ["unit": neurons.unit.json, "attention": neurons.attention.json],
      "attention_scale": .number(Double(attentionScale)),
      "residual": .string(residual.rawValue),
      "readout": .string(readout.rawValue),
      "ssa_projection_scope": .string(ssaProjectionScope.rawValue),
    ]
  }

  /// Reads and validates a configuration; `place` names the text in errors.
  ///
  /// - Throws: `ConfigurationFailure`.
  public init(json: JSON, at place: String) throws {
    var members = try Members(json, at: place)
    _ = try members.choice("architecture", ["qkformer": true])
    family = try members.choice("family")
    input = try Input(json: members.take("input"), at: "\(place) input")
    timeSteps = try members.int("time_steps")
    classes = try members.int("classes")
    stages = try members.array("stages").enumerated().map { index, stage in
      try Stage(json: stage, at: "\(place) stages[\(index)]")
    }
    innerMLPShortcut = try members.bool("inner_mlp_shortcut")
    batchNormEpsilon = try members.double("batch_norm_eps")
    neurons = try Neurons(json: members.take("lif"), at: "\(place) lif")
    attentionScale = try members.float("attention_scale")
    residual = try members.choice("residual")
    readout = try members.choice("readout")
    ssaProjectionScope = try members.choice("ssa_projection_scope")
    try members.finish()
    try validate(at: place)
  }
}

extension QKFormerConfiguration.Input {
  fileprivate var json: JSON {
    [
      "coding": .string(coding.rawValue), "channels": .integer(channels),
      "height": .integer(height), "width": .integer(width),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    var members = try Members(json, at: place)
    coding = try members.choice("coding")
    channels = try members.int("channels")
    height = try members.int("height")
    width = try members.int("width")
    try members.finish()
  }
}

extension QKFormerConfiguration.Stage {
  fileprivate var json: JSON {
    [
      "channels": .integer(channels), "blocks": .integer(blocks), "heads": .integer(heads),
      "mixer": .string(mixer.rawValue), "mlp_ratio": .integer(mlpRatio),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    var members = try Members(json, at: place)
    channels = try members.int("channels")
    blocks = try members.int("blocks")
    heads = try members.int("heads")
    mixer = try members.choice("mixer")
    mlpRatio = try members.int("mlp_ratio")
    try members.finish()
  }
}

extension QKFormerConfiguration.Neurons {
  fileprivate init(json: JSON, at place: String) throws {
    var members = try Members(json, at: place)
    unit = try LIFParameters(json: members.take("unit"), at: "\(place) unit")
    attention = try LIFParameters(json: members.take("attention"), at: "\(place) attention")
    try members.finish()
  }
}

extension LIFParameters {
  fileprivate var json: JSON {
    [
      "tau": .number(Double(timeConstant)), "v_threshold": .number(Double(threshold)),
      "fires": .string(fires.rawValue), "reset": "hard",
      "v_reset": .number(Double(resetPotential)),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    var members = try Members(json, at: place)
    timeConstant = try members.float("tau")
    threshold = try members.float("v_threshold")
    fires = try members.choice("fires")
    let resetsHard = try members.choice("reset", ["hard": true, "soft": false])
    guard resetsHard else {
      throw ConfigurationFailure(
        .unsupported, at: "\(place) reset", expected: "`hard`", found: "`soft`")
    }
    resetPotential = try members.float("v_reset")
    try members.finish()
  }
}

/// The members of one object that have not been read yet.
private struct Members {
  private var rest: [String: JSON]
  private let place: String

  init(_ json: JSON, at place: String) throws {
    guard let object = json.object else {
      throw ConfigurationFailure(.value, at: place, expected: "an object", found: "another value")
    }
    rest = object
    self.place = place
  }

  mutating func take(_ key: String) throws -> JSON {
    guard let value = rest.removeValue(forKey: key) else {
      throw ConfigurationFailure(
        .missing, at: place, expected: "member `\(key)`", found: "none of that name")
    }
    return value
  }

  func finish() throws {
    if let key = rest.keys.min() {
      throw ConfigurationFailure(
        .unknown, at: place, expected: "no further member", found: "`\(key)`")
    }
  }

  mutating func int(_ key: String) throws -> Int { try typed(key, "an integer", \.int) }
  mutating func double(_ key: String) throws -> Double { try typed(key, "a number", \.double) }
  mutating func bool(_ key: String) throws -> Bool { try typed(key, "true or false", \.bool) }
  mutating func array(_ key: String) throws -> [JSON] { try typed(key, "an array", \.array) }

  /// A number that a float32 holds exactly, so that text and model agree; zero without a sign, since
  /// canonical text has none.
  mutating func float(_ key: String) throws -> Float {
    let value = try double(key)
    guard let float = Float(exactly: value) else {
      throw ConfigurationFailure(
        .value, at: "\(place) \(key)", expected: "a number that a float32 holds exactly",
        found: "\(value)")
    }
    return float == 0 ? 0 : float
  }

  mutating func choice<Choice: RawRepresentable>(_ key: String) throws -> Choice
  where Choice.RawValue == String {
    let text: String = try typed(key, "a string", \.string)
    guard let choice = Choice(rawValue: text) else { throw unknownChoice(key, text) }
    return choice
  }

  mutating func choice<Value>(_ key: String, _ choices: [String: Value]) throws -> Value {
    let text: String = try typed(key, "a string", \.string)
    guard let value = choices[text] else { throw unknownChoice(key, text) }
    return value
  }

  private func unknownChoice(_ key: String, _ text: String) -> ConfigurationFailure {
    ConfigurationFailure(
      .value, at: "\(place) \(key)", expected: "a known value", found: "`\(text)`")
  }

  private mutating func typed<Value>(
    _ key: String, _ expected: String, _ read: (JSON) -> Value?
  ) throws -> Value {
    guard let value = read(try take(key)) else {
      throw ConfigurationFailure(
        .value, at: "\(place) \(key)", expected: expected, found: "another value")
    }
    return value
  }
}
