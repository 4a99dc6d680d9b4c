/// A convolution, its batch normalisation, an optional max pooling, and a neuron.
///
/// Corresponds to upstream's `*_conv`, `*_bn`, `maxpool*`, `*_lif`.
public struct ConvolutionUnit: Sendable {
  /// Where a unit's neuron stands.
  public enum NeuronPlace: Sendable {
    /// Behind the convolution, as QKFormer has it; the unit's output is spikes.
    case after
    /// Before the convolution, as MS-QKFormer has it; the unit's output is a membrane's input.
    case before
    /// Nowhere: what the unit reads is ready, and its output is a membrane's input.
    case none
  }

  /// Canonical path, as in `stage1/speds/unit0`.
  public let path: String
  /// Upstream names of its parts.
  public let upstreamNames: UnitNames
  /// Channels read.
  public let inChannels: Int
  /// Channels written.
  public let outChannels: Int
  /// Side of the square kernel: 3 or 1; the padding is half of it, rounded down.
  public var kernel = 1
  /// Stride in both directions.
  public var stride = 1
  /// Whether the convolution has a bias.
  public var hasBias = false
  /// Whether a 3x3 max pooling of stride 2 and padding 1 follows the normalisation.
  public var pools = false
  /// Whether the weight is stored as `[O, I, 1]` (a convolution over tokens) instead of
  /// `[O, I, k, k]`.
  public var isOverTokens = false
  /// Where the neuron stands.
  public var neuron = NeuronPlace.after

  /// Canonical path of the neuron.
  public var neuronPath: String { path + "/lif" }
  /// Upstream name of the neuron.
  public var upstreamNeuronName: String { upstreamNames.neuron }
  /// Multiply-accumulates for each output position.
  public var accumulatesPerPosition: Int { inChannels * outChannels * kernel * kernel }

  /// The extent after the convolution.
  public func convolvedSize(_ size: SpatialSize) -> SpatialSize { size.divided(by: stride) }

  /// The extent after the convolution and the pooling.
  public func outputSize(_ size: SpatialSize) -> SpatialSize {
    pools ? convolvedSize(size).divided(by: 2) : convolvedSize(size)
  }
}

/// Height and width in positions.
public struct SpatialSize: Sendable, Equatable {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// An extent.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The extent of an input of shape `[..., H, W]`; a shape without both is a programming error.
  public init(ofInput shape: [Int]) {
    precondition(shape.count >= 2, "height and width")
    self.init(height: shape[shape.count - 2], width: shape[shape.count - 1])
  }

  /// Positions, the *N* of an attention.
  public var count: Int { height * width }

  /// The extent after a step of some stride, rounded up.
  public func divided(by stride: Int) -> SpatialSize {
    SpatialSize(height: (height + stride - 1) / stride, width: (width + stride - 1) / stride)
  }
}

/// A neuron that belongs to no convolution.
public struct NeuronSite: Sendable, Equatable {
  /// Canonical path, as in `head/lif`.
  public let path: String
  /// Upstream name, as in `head_lif`.
  public let upstreamName: String
}

/// A patch embedding with deformed shortcut: a chain of units, and one more unit beside its end.
///
/// Corresponds to the paper's SPEDS and upstream's `PatchEmbedInit` and `PatchEmbeddingStage`.
public struct PatchEmbeddingPlan: Sendable {
  /// The main chain.
  public let units: [ConvolutionUnit]
  /// The unit whose output is added to the chain's.
  public let shortcut: ConvolutionUnit
  /// How many units of the chain come before the shortcut branches off.
  public let shortcutStart: Int
}

/// A token mixer.
public struct AttentionPlan: Sendable {
  /// Canonical path, as in `stage1/block0/attention`.
  public let path: String
  /// Upstream name, as in `stage1.0.tssa`.
  public let upstreamName: String
  /// Which mixer.
  public let mixer: QKFormerConfiguration.Mixer
  /// Channels *C*.
  public let channels: Int
  /// Number of heads.
  public let heads: Int
  /// Makes spikes of a membrane for Q, K and V; `nil` where the stream is spikes already.
  public let inputNeuron: NeuronSite?
  /// Makes Q.
  public let query: ConvolutionUnit
  /// Makes K.
  public let key: ConvolutionUnit
  /// Makes V; only spiking self-attention has one.
  public let value: ConvolutionUnit?
  /// Follows the attention.
  public let projection: ConvolutionUnit

  /// Canonical path of the neuron inside the attention.
  public var neuronPath: String { path + "/lif" }
  /// Upstream name of the neuron inside the attention.
  public var upstreamNeuronName: String { upstreamName + "." + UpstreamNames.attentionNeuron }
  /// Channels of one head.
  public var headChannels: Int { channels / heads }
}

/// A spiking MLP.
public struct MLPPlan: Sendable {
  /// Widens to `channels * mlp_ratio`.
  public let expansion: ConvolutionUnit
  /// Narrows to `channels`.
  public let contraction: ConvolutionUnit
  /// Whether the input is added to what the expansion gives, too.
  public let hasInnerShortcut: Bool
}

/// One block: a token mixer and an MLP, each added to its input.
public struct BlockPlan: Sendable {
  /// The token mixer.
  public let attention: AttentionPlan
  /// The MLP.
  public let mlp: MLPPlan
}

/// One stage: a patch embedding and its blocks.
public struct StagePlan: Sendable {
  /// Canonical path, as in `stage1`.
  public let path: String
  /// The patch embedding.
  public let embedding: PatchEmbeddingPlan
  /// The blocks.
  public let blocks: [BlockPlan]
}

/// The network that a configuration describes, part by part in the order of the forward pass.
///
/// Everything that must know the parts (parameter inventory, neuron inventory, operation counts,
/// both forward passes, exporters) walks this and nothing else.
public struct NetworkPlan: Sendable {
  /// Where it comes from.
  public let configuration: QKFormerConfiguration
  /// The stages, first to last.
  public let stages: [StagePlan]
  /// Makes spikes of a membrane for the classifier; `nil` where the stream is spikes already.
  public let headNeuron: NeuronSite?

  /// The unit whose convolution reads the network's input.
  public var firstUnit: ConvolutionUnit { stages[0].embedding.units[0] }
}
