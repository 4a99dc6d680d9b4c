/// QKFormer (Zhou et al., 2024): a hierarchy of stages, each a patch embedding with deformed
/// shortcut (SPEDS) and blocks of Q-K attention or spiking self-attention, and an MLP.
///
/// Streams add spikes, or, in MS-QKFormer, membranes.
public struct QKFormer: Sendable, Equatable {
  /// The three patch-embedding families of the released code.
  public enum Family: String, Sendable, CaseIterable {
    /// Four-fold reduction before stage 1; `attn` and `fc1` upstream.
    case imagenet
    /// No reduction before stage 1; `ssa` and `mlp1` upstream.
    case cifar
    /// Eight-fold reduction before stage 1; `ssa` and `mlp1` upstream.
    case dvs
  }

  /// The token mixer of a stage.
  public enum Mixer: String, Sendable, CaseIterable {
    /// Q-K token attention (paper, equation 8): a token mask from Q, applied to K.
    case qkta
    /// Q-K channel attention (paper, equation 9): a channel mask from Q, applied to K.
    case qkca
    /// Spiking self-attention: `Q (K^T V)` scaled, no softmax.
    case ssa
  }

  /// One stage of the hierarchy.
  public struct Stage: Sendable, Equatable {
    /// Channels *C*.
    public var channels: Int
    /// Number of blocks.
    public var blocks: Int
    /// Effective number of attention heads.
    public var heads: Int
    /// The token mixer of every block.
    public var mixer: Mixer
    /// Hidden channels of the MLP over channels.
    public var mlpRatio: Int

    /// Describes a stage.
    public init(channels: Int, blocks: Int, heads: Int, mixer: Mixer, mlpRatio: Int) {
      self.channels = channels
      self.blocks = blocks
      self.heads = heads
      self.mixer = mixer
      self.mlpRatio = mlpRatio
    }
  }

  /// What a shortcut adds.
  public enum Residual: String, Sendable, CaseIterable {
    /// Spikes; streams are small integers (QKFormer).
    case spikeAddition = "spike_addition"
    /// Membrane input; streams are real (MS-QKFormer).
    case membraneShortcut = "membrane_shortcut"
  }

  /// Where the time average stands.
  public enum Readout: String, Sendable, CaseIterable {
    /// Mean over steps and tokens, then the classifier.
    case meanThenHead = "mean_then_head"
    /// The classifier at each step, then the mean over steps.
    case headThenMean = "head_then_mean"
  }

  /// A part whose convolutions can have biases; those of Q, K and V have none in any code base.
  public enum BiasedPart: String, Sendable, CaseIterable {
    /// The patch embeddings, shortcuts included.
    case embedding
    /// The MLPs.
    case mlp
    /// The projections behind attentions.
    case projection
  }

  /// The parts with biases in the released code, which is what a configuration without the member means.
  public static let releasedBiases: Set<BiasedPart> = [.mlp, .projection]
  /// The parts with biases in SpikingJelly 2.0.
  public static let spikingJellyBiases: Set<BiasedPart> = [.embedding, .mlp]

  /// The patch-embedding family.
  public var family: Family
  /// The stages, first to last.
  public var stages: [Stage]
  /// Whether an MLP adds its input around the contraction (MS-QKFormer at ratio 1).
  public var innerMLPShortcut = false
  /// The factor on SSA's product.
  public var attentionScale: Float = 0.125
  /// What a shortcut adds.
  public var residual = Residual.spikeAddition
  /// Where the time average stands.
  public var readout = Readout.meanThenHead
  /// Over what SSA's projection neuron keeps its state.
  public var scope: NeuronScope
  /// The parts whose convolutions have biases.
  public var biases = QKFormer.releasedBiases

  /// A QKFormer of some stages; everything else is as in the released code unless set afterwards.
  public init(family: Family, stages: [Stage], scope: NeuronScope) {
    self.family = family
    self.stages = stages
    self.scope = scope
  }
}

extension QKFormer: ModelFamily {
  /// `qkformer`.
  public static var architecture: String { "qkformer" }

  /// Lays out the hierarchy of the residual kind.
  public func build(_ network: inout GraphBuilder, classes: Int) {
    switch residual {
    case .spikeAddition: QKFormerLayout(design: self).build(&network, classes: classes)
    case .membraneShortcut: MSQKFormerLayout(design: self).build(&network, classes: classes)
    }
  }

  /// Whether any stage uses spiking self-attention.
  public var hasSpikingSelfAttention: Bool { stages.contains { $0.mixer == .ssa } }

  /// Spiking self-attention with spike addition: its projection neuron.
  public var canLeak: Bool { hasSpikingSelfAttention && residual == .spikeAddition }
}

/// The layout of QKFormer with spike addition.
struct QKFormerLayout: HierarchicalLayout {
  let design: QKFormer

  /// A chain of units, and one more beside its end.
  func embedding(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ embedding: PatchEmbedding
  ) -> GraphBuilder.Stream {
    var chain = [x]
    for (index, layer) in embedding.layers.enumerated() {
      let unit = "\(path)/unit\(index)"
      var current = network.convolution(
        unit, chain[index], channels: layer.channels, kernel: 3,
        hasBias: design.biases.contains(.embedding))
      if layer.pools { current = network.pool(unit, current) }
      chain.append(network.fire(unit, current))
    }
    let shortcut = network.unit(
      "\(path)/shortcut", chain[embedding.shortcutStart], channels: embedding.channels,
      stride: embedding.shortcutStride, hasBias: design.biases.contains(.embedding))
    return network.residual(path, chain[chain.count - 1], shortcut)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  func block(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ stage: QKFormer.Stage
  ) -> GraphBuilder.Stream {
    let (attention, mlp) = ("\(path)/attention", "\(path)/mlp")
    network.part = .attention
    let attended = network.mixed(attention, x, stage, scale: design.attentionScale)
    let projection = network.projection(
      attention, attended, hasBias: design.biases.contains(.projection))
    let mixed = network.residual(
      attention, x,
      network.fire("\(attention)/projection", projection, projectionNeurons(network, stage)))
    network.part = .mlp
    let hasBias = design.biases.contains(.mlp)
    let hidden = network.unit(
      "\(mlp)/expansion", mixed, channels: stage.channels * stage.mlpRatio, hasBias: hasBias)
    return network.residual(
      mlp, mixed,
      network.unit("\(mlp)/contraction", hidden, channels: stage.channels, hasBias: hasBias))
  }

  func features(_ network: inout GraphBuilder, _ x: GraphBuilder.Stream) -> GraphBuilder.Stream {
    x
  }

  /// The group whose scope is configured stands behind self-attention's projection.
  private func projectionNeurons(
    _ network: GraphBuilder, _ stage: QKFormer.Stage
  ) -> Neurons {
    let isScoped = stage.mixer == .ssa
    return Neurons(
      network.unit, role: isScoped ? .selfAttentionProjection : .unit,
      scope: isScoped ? design.scope : .sample, isOverMap: true)
  }
}
