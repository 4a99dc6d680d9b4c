/// One group of spiking neurons: all that share a place in the network.
public struct NeuronGroup: Sendable, Equatable {
  /// Which constants and which rule of judgement apply.
  public enum Role: String, Sendable {
    /// After a convolution, or between a membrane and what reads it.
    case unit
    /// After the projection of spiking self-attention: the one whose scope is configured.
    case selfAttentionProjection = "ssa_projection"
    /// Inside an attention; its input is a small integer, exact in any precision.
    case attention
  }

  /// Canonical path, as in `stage1/block0/attention/q/lif`.
  public let path: String
  /// Module name in the released code, as in `stage1.0.tssa.q_lif`.
  public let upstreamName: String
  /// Its role.
  public let role: Role
  /// The axes of one sample at one step: `[C, H, W]`, `[C, N]`, `[heads, N]` or `[C]`.
  public let shape: [Int]

  /// Neurons of one sample.
  public var count: Int { shape.reduce(1, *) }
}

extension NetworkPlan {
  /// Every neuron group in the order in which they fire, for an input of some extent.
  public func neurons(for input: SpatialSize) -> [NeuronGroup] {
    var size = input
    let groups = stages.flatMap { stage in
      let embedding = embeddingNeurons(stage.embedding, &size)
      return embedding + stage.blocks.flatMap { blockNeurons($0, size) }
    }
    return groups + (headNeuron.map { [group($0, [configuration.width])] } ?? [])
  }

  /// Every neuron group for the nominal input.
  public var neurons: [NeuronGroup] { neurons(for: nominalSize) }

  /// The nominal extent of the input.
  public var nominalSize: SpatialSize {
    SpatialSize(height: configuration.input.height, width: configuration.input.width)
  }

  private func embeddingNeurons(
    _ embedding: PatchEmbeddingPlan, _ size: inout SpatialSize
  ) -> [NeuronGroup] {
    var groups: [NeuronGroup] = []
    for unit in embedding.units {
      let input = size
      size = unit.outputSize(size)
      groups += self.groups(unit, input: input, output: size)
    }
    return groups + self.groups(embedding.shortcut, input: size, output: size)
  }

  private func blockNeurons(_ block: BlockPlan, _ size: SpatialSize) -> [NeuronGroup] {
    let attention = block.attention
    let tokens = size.count
    func overTokens(_ unit: ConvolutionUnit) -> NeuronGroup {
      NeuronGroup(
        path: unit.neuronPath, upstreamName: unit.upstreamNeuronName, role: .unit,
        shape: [attention.channels, tokens])
    }
    let input = attention.inputNeuron.map {
      [group($0, [attention.channels, size.height, size.width])]
    }
    let readers = [attention.query, attention.key] + (attention.value.map { [$0] } ?? [])
    let mixing = NeuronGroup(
      path: attention.neuronPath, upstreamName: attention.upstreamNeuronName, role: .attention,
      shape: attentionShape(attention, tokens))
    let projection = groups(
      attention.projection, input: size, output: size,
      role: attention.mixer == .ssa ? .selfAttentionProjection : .unit)
    return (input ?? []) + readers.map(overTokens) + [mixing] + projection
      + groups(block.mlp.expansion, input: size, output: size)
      + groups(block.mlp.contraction, input: size, output: size)
  }

  private func attentionShape(_ attention: AttentionPlan, _ tokens: Int) -> [Int] {
    switch attention.mixer {
    case .qkta: [attention.heads, tokens]
    case .qkca: [attention.channels]
    case .ssa: [attention.channels, tokens]
    }
  }

  /// The neurons of a unit, if it has any.
  private func groups(
    _ unit: ConvolutionUnit, input: SpatialSize, output: SpatialSize,
    role: NeuronGroup.Role = .unit
  ) -> [NeuronGroup] {
    let shape =
      switch unit.neuron {
      case .after: [unit.outChannels, output.height, output.width]
      case .before: [unit.inChannels, input.height, input.width]
      case .none: [Int]()
      }
    guard unit.neuron != .none else { return [] }
    return [
      NeuronGroup(
        path: unit.neuronPath, upstreamName: unit.upstreamNeuronName, role: role, shape: shape)
    ]
  }

  private func group(_ site: NeuronSite, _ shape: [Int]) -> NeuronGroup {
    NeuronGroup(path: site.path, upstreamName: site.upstreamName, role: .unit, shape: shape)
  }

  /// The constants of a group's neurons.
  public func parameters(of group: NeuronGroup) -> LIFParameters {
    group.role == .attention ? configuration.neurons.attention : configuration.neurons.unit
  }
}

extension NetworkPlan {
  /// Over what a group's neurons keep their state.
  public func scope(of group: NeuronGroup) -> QKFormerConfiguration.ProjectionScope {
    group.role == .selfAttentionProjection ? configuration.ssaProjectionScope : .sample
  }
}

extension NetworkPlan {
  /// The thresholds that STEP stores as tensors of rank 0, by their names under its naming.
  public var stepThresholds: [String: Float] {
    Dictionary(
      uniqueKeysWithValues: neurons.map { group in
        (
          group.upstreamName + UpstreamNames.thresholdSuffix, parameters(of: group).threshold
        )
      })
  }
}
