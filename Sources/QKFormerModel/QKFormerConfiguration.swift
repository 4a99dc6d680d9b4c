/// Everything that a QKFormer is besides its parameters.
///
/// No value has a default: what a file does not state must come from somewhere that can be named.
/// The parameter inventory, the neuron inventory and the forward pass are derived from this alone.
public struct QKFormerConfiguration: Sendable, Equatable {
  /// The three patch-embedding families of the released code.
  public enum Family: String, Sendable, CaseIterable {
    /// Four-fold reduction before stage 1; `attn` and `fc1` upstream.
    case imagenet
    /// No reduction before stage 1; `ssa` and `mlp1` upstream.
    case cifar
    /// Eight-fold reduction before stage 1; `ssa` and `mlp1` upstream.
    case dvs
  }

  /// The nominal input of the model.
  public struct Input: Sendable, Equatable {
    /// Image or event frames.
    public var coding: InputCoding
    /// Channels of an image or a frame.
    public var channels: Int
    /// Height in pixels.
    public var height: Int
    /// Width in pixels.
    public var width: Int

    /// Describes an input.
    public init(coding: InputCoding, channels: Int, height: Int, width: Int) {
      self.coding = coding
      self.channels = channels
      self.height = height
      self.width = width
    }
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
  public enum Readout: String, Sendable {
    /// Mean over steps and tokens, then the classifier.
    case meanThenHead = "mean_then_head"
    /// The classifier at each step, then the mean over steps.
    case headThenMean = "head_then_mean"
  }

  /// The constants of the two kinds of neurons.
  public struct Neurons: Sendable, Equatable {
    /// The neuron after a convolution.
    public var unit: LIFParameters
    /// The neuron inside an attention (`attn_lif`).
    public var attention: LIFParameters

    /// Names both.
    public init(unit: LIFParameters, attention: LIFParameters) {
      self.unit = unit
      self.attention = attention
    }
  }

  /// The patch-embedding family.
  public var family: Family
  /// The nominal input.
  public var input: Input
  /// Time steps *T*.
  public var timeSteps: Int
  /// Number of classes.
  public var classes: Int
  /// The stages, first to last.
  public var stages: [Stage]
  /// Whether an MLP adds its input around the contraction (MS-QKFormer at ratio 1).
  public var innerMLPShortcut: Bool
  /// Added to the variance in every batch normalisation.
  public var batchNormEpsilon: Double
  /// The constants of the neurons.
  public var neurons: Neurons
  /// The factor on SSA's product.
  public var attentionScale: Float
  /// What a shortcut adds.
  public var residual: Residual
  /// Where the time average stands.
  public var readout: Readout
  /// Over what SSA's projection neuron keeps its state.
  public var ssaProjectionScope: NeuronScope
}

extension QKFormerConfiguration {
  /// A configuration with the constants of the released code; widths, stages and input are given.
  public static func released(
    family: Family, input: Input, timeSteps: Int, classes: Int, stages: [Stage],
    scope: NeuronScope
  ) -> QKFormerConfiguration {
    QKFormerConfiguration(
      family: family, input: input, timeSteps: timeSteps, classes: classes, stages: stages,
      innerMLPShortcut: false, batchNormEpsilon: 1e-5,
      neurons: Neurons(unit: .released(threshold: 1), attention: .released(threshold: 0.5)),
      attentionScale: 0.125, residual: .spikeAddition, readout: .meanThenHead,
      ssaProjectionScope: scope)
  }

  /// Blocks over all stages, the *L* of HST-*L*-*D*.
  public var depth: Int { stages.reduce(0) { $0 + $1.blocks } }

  /// Channels of the last stage, the *D* of HST-*L*-*D*.
  public var width: Int { stages.last?.channels ?? 0 }

  /// Whether any stage uses spiking self-attention.
  public var hasSpikingSelfAttention: Bool { stages.contains { $0.mixer == .ssa } }
}
