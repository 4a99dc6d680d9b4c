/// One group of spiking neurons: all that share a place in the network.
public struct NeuronGroup: Sendable, Equatable {
  /// Which constants and which rule of judgement apply.
  public enum Role: String, Sendable {
    /// After a convolution.
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
  /// Every neuron group in the order of the forward pass, for an input of some extent.
  public func neurons(for input: SpatialSize) -> [NeuronGroup] {
    var size = input
    return stages.flatMap { stage in
      let embedding = embeddingNeurons(stage.embedding, &size)
      return embedding + stage.blocks.flatMap { blockNeurons($0, size) }
    }
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
      size = unit.outputSize(size)
      groups.append(group(unit, size))
    }
    return groups + [group(embedding.shortcut, size)]
  }

  private func blockNeurons(_ block: BlockPlan, _ size: SpatialSize) -> [NeuronGroup] {
    let attention = block.attention
    let tokens = size.count
    func overTokens(_ unit: ConvolutionUnit) -> NeuronGroup {
      NeuronGroup(
        path: unit.neuronPath, upstreamName: unit.upstreamNeuronName, role: .unit,
        shape: [attention.channels, tokens])
    }
    let inputs = [attention.query, attention.key] + (attention.value.map { [$0] } ?? [])
    let mixing = NeuronGroup(
      path: attention.neuronPath, upstreamName: attention.upstreamNeuronName, role: .attention,
      shape: attentionShape(attention, tokens))
    return inputs.map(overTokens) + [
      mixing,
      group(
        attention.projection, size,
        role: attention.mixer == .ssa ? .selfAttentionProjection : .unit),
      group(block.mlp.expansion, size),
      group(block.mlp.contraction, size),
    ]
  }

  private func attentionShape(_ attention: AttentionPlan, _ tokens: Int) -> [Int] {
    switch attention.mixer {
    case .qkta: [attention.heads, tokens]
    case .qkca: [attention.channels]
    case .ssa: [attention.channels, tokens]
    }
  }

  private func group(
    _ unit: ConvolutionUnit, _ size: SpatialSize, role: NeuronGroup.Role = .unit
  ) -> NeuronGroup {
    NeuronGroup(
      path: unit.neuronPath, upstreamName: unit.upstreamNeuronName, role: role,
      shape: [unit.outChannels, size.height, size.width])
  }

  /// The constants of a group's neurons.
  public func parameters(of group: NeuronGroup) -> LIFParameters {
    group.role == .attention ? configuration.neurons.attention : configuration.neurons.unit
  }
}
