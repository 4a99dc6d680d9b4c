/// What a node does with what it reads: the closed list.
///
/// Every engine, exporter and counter has one `switch` over it, so that a new case does not compile
/// until each of them knows it. The rule of each case is in `docs/numerics.md`.
public enum Operation: Sendable, Equatable {
  /// Nothing: the picture, or a frame of events.
  case input(InputCoding)
  /// A convolution and its batch normalisation.
  case convolution(Convolution)
  /// Max pooling.
  case pool(Pool)
  /// Neurons charge, fire and reset.
  case neurons(Neurons)
  /// The sum of two operands.
  case add
  /// Ones where both operands are one.
  case and
  /// The sum over the channels of each of some heads (QKFormer, equation 8).
  case sumOverHeads(Int)
  /// The sum over the tokens (QKFormer, equation 9).
  case sumOverTokens
  /// The second operand where the first has a spike: one for each head's token, or for each channel.
  case mask(Axis)
  /// `Q (K^T V)` of each head, scaled, without softmax.
  case selfAttention(SelfAttention)
  /// The mean over some axes.
  case mean(over: [Axis])
  /// The linear map to classes.
  case classifier(Classifier)
}

/// An axis of a stream.
public enum Axis: Sendable, Equatable {
  /// Time steps *T*.
  case time
  /// Tokens, or positions, *N*.
  case tokens
  /// Channels *C*.
  case channels
}

/// How an input becomes a sequence of time steps.
public enum InputCoding: String, Sendable, CaseIterable {
  /// One image, repeated at every step.
  case direct
  /// One frame of events for each step.
  case eventFrames = "event_frames"
}

/// A convolution and its batch normalisation.
///
/// Corresponds to upstream's `*_conv` and `*_bn`.
public struct Convolution: Sendable, Equatable {
  /// Channels read.
  public let inChannels: Int
  /// Channels written.
  public let outChannels: Int
  /// Side of the square kernel, odd.
  public var kernel = 1
  /// Stride in both directions.
  public var stride = 1
  /// Convolution groups; as many as channels in a depthwise convolution.
  public var groups = 1
  /// Whether the convolution has a bias.
  public var hasBias = false
  /// Whether the weight is stored as `[O, I, 1]` (a convolution over tokens) instead of
  /// `[O, I, k, k]`.
  public var isOverTokens = false
  /// Added to the variance in the normalisation.
  public var normEpsilon: Double

  /// A convolution with a 1x1 kernel; what differs is set afterwards.
  public init(inChannels: Int, outChannels: Int, normEpsilon: Double) {
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.normEpsilon = normEpsilon
  }

  /// Zeros on each side.
  public var padding: Int { kernel / 2 }

  /// The shape of the weight: `[O, I, 1]` over tokens, else `[O, I, k, k]`, *I* of one group.
  public var weightShape: [Int] {
    [outChannels, inChannels / groups] + (isOverTokens ? [1] : [kernel, kernel])
  }

  /// Multiply-accumulates for each output position.
  public var accumulatesPerPosition: Int { inChannels / groups * outChannels * kernel * kernel }

  /// The extent after the convolution.
  public func outputSize(_ size: SpatialSize) -> SpatialSize { size.divided(by: stride) }
}

/// Max pooling; what lies in the padding does not count.
public struct Pool: Sendable, Equatable {
  /// Side of the square window, odd.
  public var kernel: Int
  /// Stride in both directions.
  public var stride: Int

  /// A window and its step.
  public init(kernel: Int, stride: Int) {
    self.kernel = kernel
    self.stride = stride
  }

  /// Positions on each side of the map that a window may reach.
  public var padding: Int { kernel / 2 }
}

/// A group of spiking neurons that share a place in the network.
public struct Neurons: Sendable, Equatable {
  /// Which rule of judgement applies.
  public enum Role: String, Sendable {
    /// After a convolution, or between a membrane and what reads it.
    case unit
    /// After the projection of spiking self-attention: the one whose scope is configured.
    case selfAttentionProjection = "ssa_projection"
    /// Inside an attention; its input is a small integer, exact in any precision.
    case attention
  }

  /// The constants.
  public let constants: LIFParameters
  /// The role.
  public let role: Role
  /// Over what they keep their state.
  public let scope: NeuronScope
  /// Whether their axes are `[C, H, W]` even where what they read is over tokens.
  public let isOverMap: Bool

  /// Neurons of some role.
  public init(
    _ constants: LIFParameters, role: Role = .unit, scope: NeuronScope = .sample,
    isOverMap: Bool = false
  ) {
    self.constants = constants
    self.role = role
    self.scope = scope
    self.isOverMap = isOverMap
  }
}

/// Over what neurons keep their state.
public enum NeuronScope: String, Sendable, CaseIterable {
  /// Over the time steps of one sample, as every other neuron.
  case sample
  /// Over the flattened `T*B` axis, as in the released code: state leaks between samples.
  case batch
}

/// The products of spiking self-attention.
public struct SelfAttention: Sendable, Equatable {
  /// Heads, which divide the channels.
  public let heads: Int
  /// The factor on the product.
  public let scale: Float
}

/// The linear map to classes.
public struct Classifier: Sendable, Equatable {
  /// Features *D* read.
  public let features: Int
  /// Classes.
  public let classes: Int
  /// Whether it runs at each step, and its logits are then averaged over the steps.
  public let averagesSteps: Bool
}
