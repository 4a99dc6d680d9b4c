/// The multiply-accumulates of one layer for one sample at one time step.
public struct LayerOperations: Sendable, Equatable {
  /// How a layer's work is charged by the energy conventions.
  public enum Kind: String, Sendable {
    /// The first convolution, whose input is real.
    case firstConvolution = "first_convolution"
    /// A convolution whose input is counts of spikes.
    case convolution
    /// SSA's two products, in the code's order: `K^T V`, then `Q` times that.
    case attentionProduct = "attention_product"
    /// The classifier.
    case head
  }

  /// Canonical path of the unit, the attention or the head.
  public let path: String
  /// How it is charged.
  public let kind: Kind
  /// Multiply-accumulates, padding taps included.
  public let accumulates: Int
}

extension AttentionPlan {
  /// Multiply-accumulates between Q, K, V and the projection at one step: SSA's two products; Q-K
  /// attention has none, only sums and masks.
  public func accumulates(tokens: Int) -> Int {
    mixer == .ssa ? 2 * tokens * channels * headChannels : 0
  }
}

extension NetworkPlan {
  /// Multiply-accumulates of one sample at one time step, at the nominal input size.
  public var accumulatesPerStep: Int {
    operations(for: nominalSize).reduce(0) { $0 + $1.accumulates }
  }

  /// Every layer's work for an input of some extent, in the order of the forward pass.
  ///
  /// Corresponds to the "MACs per time step" of the papers' energy estimates.
  public func operations(for input: SpatialSize) -> [LayerOperations] {
    var size = input
    var layers: [LayerOperations] = []
    for stage in stages {
      let branch = embeddingOperations(stage.embedding, &size)
      layers += branch + stage.blocks.flatMap { blockOperations($0, size) }
    }
    layers[0] = LayerOperations(
      path: layers[0].path, kind: .firstConvolution, accumulates: layers[0].accumulates)
    let head = configuration.width * configuration.classes
    return layers + [LayerOperations(path: Self.headPath, kind: .head, accumulates: head)]
  }

  private func embeddingOperations(
    _ embedding: PatchEmbeddingPlan, _ size: inout SpatialSize
  ) -> [LayerOperations] {
    var layers: [LayerOperations] = []
    for unit in embedding.units {
      layers.append(operations(unit, unit.convolvedSize(size)))
      size = unit.outputSize(size)
    }
    return layers + [operations(embedding.shortcut, size)]
  }

  private func blockOperations(_ block: BlockPlan, _ size: SpatialSize) -> [LayerOperations] {
    let attention = block.attention
    let inputs = [attention.query, attention.key] + (attention.value.map { [$0] } ?? [])
    let product = LayerOperations(
      path: attention.path, kind: .attentionProduct,
      accumulates: attention.accumulates(tokens: size.count))
    let mixing = attention.mixer == .ssa ? [product] : []
    let outputs = [attention.projection, block.mlp.expansion, block.mlp.contraction]
    return inputs.map { operations($0, size) } + mixing + outputs.map { operations($0, size) }
  }

  private func operations(_ unit: ConvolutionUnit, _ output: SpatialSize) -> LayerOperations {
    LayerOperations(
      path: unit.path, kind: .convolution,
      accumulates: unit.accumulatesPerPosition * output.count)
  }
}
