import QKFormerModel

// MS-QKFormer: streams are membranes, real numbers; every convolution but the first reads spikes
// that a neuron makes of a membrane right before it, and its result is added to a membrane.
//
// Corresponds to upstream's `forward` with membrane shortcuts.
extension ReferenceRun {
  /// All stages, the mean over tokens and the last neuron: what the classifier reads,
  /// `[T, B, 1, D]`.
  mutating func membraneStages(_ input: InputBatch) throws -> SpikeCountMap {
    var membrane: CurrentMap?
    for stage in engine.plan.stages {
      var x = try embedding(stage.embedding, membrane, input)
      for block in stage.blocks { x = try self.block(block, x) }
      membrane = x
    }
    guard let membrane else { preconditionFailure("a network without stages") }
    return try fire(membrane.meanOverTokens())
  }

  /// SPEDS: a chain of units, plus a shortcut from the spikes that one of them reads.
  private mutating func embedding(
    _ plan: PatchEmbeddingPlan, _ membrane: CurrentMap?, _ input: InputBatch
  ) throws -> CurrentMap {
    var membrane = membrane
    var branch: SpikeCountMap?
    for (index, unit) in plan.units.enumerated() {
      guard let potential = membrane else {
        membrane = firstCurrent(unit, input)
        continue
      }
      let spikes = try fire(potential)
      if index == plan.shortcutStart { branch = spikes }
      membrane = current(unit, spikes)
    }
    guard let membrane, let branch else { preconditionFailure("an embedding without a shortcut") }
    return membrane + current(plan.shortcut, branch)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  private mutating func block(_ plan: BlockPlan, _ x: CurrentMap) throws -> CurrentMap {
    let attended = try attended(plan.attention, try fire(x))
    let mixed = x + current(plan.attention.projection, attended)
    return try mlp(plan.mlp, mixed)
  }

  /// `x + mlp(x)`; with an inner shortcut `y + contraction(y)` where `y = x + expansion(x)`.
  private mutating func mlp(_ plan: MLPPlan, _ x: CurrentMap) throws -> CurrentMap {
    let expanded = current(plan.expansion, try fire(x))
    let hidden = plan.hasInnerShortcut ? x + expanded : expanded
    let contracted = current(plan.contraction, try fire(hidden))
    return (plan.hasInnerShortcut ? hidden : x) + contracted
  }
}

extension CurrentMap {
  /// The mean over tokens: a left fold in float64, one division, rounded once.
  func meanOverTokens() -> CurrentMap {
    var mean = CurrentMap(
      repeating: 0, timeSteps: timeSteps, batch: batch, size: SpatialSize(height: 1, width: 1),
      channels: channels)
    for frame in 0..<frames {
      for channel in 0..<channels {
        let sum = (0..<size.count).reduce(Double(0)) { sum, token in
          sum + Double(values[offset(frame: frame, token: token) + channel])
        }
        mean.values[frame * channels + channel] = Float(sum / Double(size.count))
      }
    }
    return mean
  }
}
