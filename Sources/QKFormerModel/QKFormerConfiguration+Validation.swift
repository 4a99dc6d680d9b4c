import Diagnostics

extension QKFormerConfiguration {
  /// Named limits; `work` keeps every product of configured sizes inside 63 bits.
  enum Limits {
    static let channels = 1...65_536
    static let pixels = 1...16_384
    static let timeSteps = 1...1_024
    static let classes = 1...1_000_000
    static let stages = 1...8
    /// Two spikes from the embedding and two from each block stay below 256.
    static let blocks = 1...126
    static let mlpRatio = 1...64
    /// Multiply-accumulates of one sample over all time steps.
    static let work = 0x1p62
  }

  /// Checks ranges and contradictions.
  ///
  /// - Throws: `ConfigurationFailure`.
  public func validate(at place: String) throws {
    try check(timeSteps, in: Limits.timeSteps, "\(place) time_steps")
    try check(classes, in: Limits.classes, "\(place) classes")
    try check(input.channels, in: Limits.channels, "\(place) input channels")
    try check(input.height, in: Limits.pixels, "\(place) input height")
    try check(input.width, in: Limits.pixels, "\(place) input width")
    try check(stages.count, in: Limits.stages, "\(place) number of stages")
    for (index, stage) in stages.enumerated() {
      try validate(stage, at: "\(place) stages[\(index)]", isFirst: index == 0)
    }
    guard batchNormEpsilon >= 0, batchNormEpsilon.isFinite else {
      throw value("\(place) batch_norm_eps", "a finite number, not negative", batchNormEpsilon)
    }
    guard attentionScale > 0, attentionScale.isFinite else {
      throw value("\(place) attention_scale", "a positive number", attentionScale)
    }
    try validate(neurons.unit, at: "\(place) lif unit")
    try validate(neurons.attention, at: "\(place) lif attention")
    try validateScope(at: place)
    try validateInnerShortcut(at: place)
    try validateWork(at: place)
  }

  private func validate(_ stage: Stage, at place: String, isFirst: Bool) throws {
    try check(stage.channels, in: Limits.channels, "\(place) channels")
    try check(stage.blocks, in: Limits.blocks, "\(place) blocks")
    try check(stage.heads, in: 1...stage.channels, "\(place) heads")
    try check(stage.mlpRatio, in: Limits.mlpRatio, "\(place) mlp_ratio")
    guard stage.channels.isMultiple(of: stage.heads) else {
      throw ConfigurationFailure(
        .contradiction, at: place, expected: "channels divisible by heads",
        found: "\(stage.channels) channels, \(stage.heads) heads")
    }
    let divisor = family == .dvs ? 8 : 2
    guard !isFirst || stage.channels.isMultiple(of: divisor) else {
      throw value("\(place) channels", "a multiple of \(divisor)", stage.channels)
    }
  }

  private func validate(_ lif: LIFParameters, at place: String) throws {
    guard lif.timeConstant >= 1, lif.timeConstant.isFinite else {
      throw value("\(place) tau", "a number of at least 1", lif.timeConstant)
    }
    guard lif.threshold.isFinite, lif.resetPotential.isFinite,
      lif.threshold > lif.resetPotential
    else {
      throw value("\(place) v_threshold", "a number above v_reset", lif.threshold)
    }
  }

  /// Whether the network has a neuron whose state can have a scope.
  public func canHave(_ scope: NeuronScope) -> Bool {
    scope == .sample || hasSpikingSelfAttention && residual == .spikeAddition
  }

  private func validateScope(at place: String) throws {
    guard canHave(ssaProjectionScope) else {
      throw ConfigurationFailure(
        .contradiction, at: "\(place) ssa_projection_scope",
        expected: "`sample` with membrane_shortcut or without an ssa stage", found: "`batch`")
    }
  }

  private func validateInnerShortcut(at place: String) throws {
    guard innerMLPShortcut else { return }
    guard residual == .membraneShortcut, stages.allSatisfy({ $0.mlpRatio == 1 }) else {
      throw ConfigurationFailure(
        .contradiction, at: "\(place) inner_mlp_shortcut",
        expected: "`false` but with membrane_shortcut and mlp_ratio 1 everywhere", found: "`true`")
    }
  }

  /// Each size may be large, but not all of them together. Counted from above: every convolution as if
  /// it had a 3x3 kernel, the widest stage's channels and the input's extent.
  private func validateWork(at place: String) throws {
    let widest = Double(max(input.channels, stages.map(\.channels).max() ?? 1))
    let convolutions = stages.reduce(0) { $0 + $1.blocks * (8 + 2 * $1.mlpRatio) + 64 }
    let positions = Double(input.height * input.width) * Double(timeSteps)
    let work = 9 * widest * widest * Double(convolutions) * positions
    guard work < Limits.work else {
      throw value(place, "sizes of at most 2^62 multiply-accumulates", work)
    }
  }

  private func check(_ number: Int, in range: ClosedRange<Int>, _ place: String) throws {
    guard range.contains(number) else {
      throw value(place, "\(range.lowerBound) to \(range.upperBound)", number)
    }
  }

  private func value(_ place: String, _ expected: String, _ found: Any) -> ConfigurationFailure {
    ConfigurationFailure(.value, at: place, expected: expected, found: "\(found)")
  }
}
