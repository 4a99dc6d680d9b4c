public import CanonicalJSON
import Diagnostics

extension QKFormer {
  /// Its members, in the order of the schema.
  public static var memberNames: [String] {
    [
      "family", "stages", "inner_mlp_shortcut", "attention_scale", "residual", "readout",
      "ssa_projection_scope",
    ]
  }

  /// `biases` names the parts with biases, where they are not those of the released code.
  public static var laterMemberNames: [String] { ["biases"] }

  /// Reads its members.
  ///
  /// - Throws: `ConfigurationFailure`.
  public init(_ members: ConfigurationMembers) throws {
    family = try members.choice("family")
    stages = try members.list("stages") { try Stage(json: $0, at: $1) }
    innerMLPShortcut = try members.bool("inner_mlp_shortcut")
    attentionScale = try members.float("attention_scale")
    residual = try members.choice("residual")
    readout = try members.choice("readout")
    scope = try members.choice("ssa_projection_scope")
    guard members.has("biases") else { return }
    biases = try members.value(
      "biases", "sorted parts with biases, if they are not mlp, projection"
    ) {
      json in
      let parts = json.array?.compactMap { $0.string.flatMap(BiasedPart.init) } ?? []
      let isCanonical = json == Self.json(of: Set(parts)) && Set(parts) != Self.releasedBiases
      return isCanonical ? Set(parts) : nil
    }
  }

  private static func json(of biases: Set<BiasedPart>) -> JSON {
    .array(biases.map(\.rawValue).sorted().map { .string($0) })
  }

  /// Its members as JSON.
  public var members: [String: JSON] {
    var members: [String: JSON] = [
      "family": .string(family.rawValue),
      "stages": .array(stages.map(\.json)),
      "inner_mlp_shortcut": .bool(innerMLPShortcut),
      "attention_scale": .number(Double(attentionScale)),
      "residual": .string(residual.rawValue),
      "readout": .string(readout.rawValue),
      "ssa_projection_scope": .string(scope.rawValue),
    ]
    if biases != Self.releasedBiases { members["biases"] = Self.json(of: biases) }
    return members
  }
}

extension QKFormer.Stage {
  fileprivate var json: JSON {
    [
      "channels": .integer(channels), "blocks": .integer(blocks), "heads": .integer(heads),
      "mixer": .string(mixer.rawValue), "mlp_ratio": .integer(mlpRatio),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try ConfigurationMembers(
      json, at: place, required: ["channels", "blocks", "heads", "mixer", "mlp_ratio"])
    channels = try members.int("channels")
    blocks = try members.int("blocks")
    heads = try members.int("heads")
    mixer = try members.choice("mixer")
    mlpRatio = try members.int("mlp_ratio")
  }
}

// MARK: Validation

extension QKFormer {
  /// Checks its members, and that the whole model is not beyond what can be computed.
  ///
  /// - Throws: `ConfigurationFailure`.
  public func validate(_ configuration: ModelConfiguration, at place: String) throws {
    let check = RangeCheck(place: place)
    try check.require(
      stages.count, in: ModelConfiguration.Limits.stages, "number of stages")
    for (index, stage) in stages.enumerated() {
      try validate(stage, at: "\(place) stages[\(index)]", isFirst: index == 0)
    }
    try check.require(
      attentionScale > 0 && attentionScale.isFinite, "attention_scale", "a positive number",
      attentionScale)
    try check.require(
      configuration.canHave(scope), "ssa_projection_scope",
      "`sample` with membrane_shortcut or without an ssa stage", "`batch`", code: .contradiction)
    try check.require(
      !innerMLPShortcut || residual == .membraneShortcut && stages.allSatisfy { $0.mlpRatio == 1 },
      "inner_mlp_shortcut", "`false` but with membrane_shortcut and mlp_ratio 1 everywhere",
      "`true`", code: .contradiction)
    try validateWork(configuration, check)
  }

  private func validate(_ stage: Stage, at place: String, isFirst: Bool) throws {
    typealias Limits = ModelConfiguration.Limits
    let check = RangeCheck(place: place)
    try check.require(stage.channels, in: Limits.channels, "channels")
    try check.require(stage.blocks, in: Limits.blocks, "blocks")
    try check.require(stage.heads, in: 1...stage.channels, "heads")
    try check.require(stage.mlpRatio, in: Limits.mlpRatio, "mlp_ratio")
    try check.require(
      stage.channels.isMultiple(of: stage.heads), nil, "channels divisible by heads",
      "\(stage.channels) channels, \(stage.heads) heads", code: .contradiction)
    let divisor = family == .dvs ? 8 : 2
    try check.require(
      !isFirst || stage.channels.isMultiple(of: divisor), "channels",
      "a multiple of \(divisor)", stage.channels)
  }

  /// Each size may be large, but not all of them together. Counted from above: every convolution as if
  /// it had a 3x3 kernel, the widest stage's channels and the input's extent.
  private func validateWork(_ configuration: ModelConfiguration, _ check: RangeCheck) throws {
    let input = configuration.input
    let widest = Double(max(input.channels, stages.map(\.channels).max() ?? 1))
    let convolutions = stages.reduce(0) { $0 + $1.blocks * (8 + 2 * $1.mlpRatio) + 64 }
    let positions = Double(input.height * input.width) * Double(configuration.timeSteps)
    let work = 9 * widest * widest * Double(convolutions) * positions
    try check.require(
      work < ModelConfiguration.Limits.work, nil, "sizes of at most 2^62 multiply-accumulates",
      work)
  }
}
