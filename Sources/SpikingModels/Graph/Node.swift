/// One operation of the forward pass, for one sample at one time step.
public struct Node: Sendable, Equatable {
  /// Canonical path, as in `stage1/block0/attention/q/lif`.
  ///
  /// A convolution's or classifier's tensors lie below it. The path of an operation without tensors
  /// and neurons ends in its name, as in `stage1/speds/add`.
  public let path: String
  /// The part of the network that it belongs to.
  public let part: Part
  /// What it does.
  public let operation: Operation
  /// Indices in the graph of the nodes whose results it reads; all come before it.
  public let inputs: [Int]
  /// What it gives.
  public let shape: Shape
  /// The shape in which it reads its first operand.
  public let inputShape: Shape
  /// What the elements of its result can be.
  public let signal: Signal
  /// Whether its result is the same at every time step: computed once, and repeated.
  public let isConstant: Bool

  /// The convolution, if that is what it does.
  public var convolution: Convolution? {
    if case .convolution(let convolution) = operation { convolution } else { nil }
  }
}

/// The parts of a network, as papers tabulate work and energy.
public enum Part: String, Sendable, Equatable {
  /// The picture, or frames of events.
  case input
  /// What makes tokens of a picture, or of another stage's tokens.
  case embedding
  /// What mixes tokens, and the convolutions around it.
  case attention
  /// A multi-layer perceptron.
  case mlp = "MLP"
  /// The mean over tokens and steps, and the classifier.
  case head
}

extension Operation {
  /// Whether the result is a sum that is kept in more than a byte.
  var isSum: Bool {
    switch self {
    case .sumOverHeads, .sumOverTokens: true
    default: false
    }
  }

  /// Whether the operation reads counts that need more than a byte.
  var takesLargeCounts: Bool {
    switch self {
    case .neurons, .mean: true
    default: false
    }
  }

  /// The shape in which the operation reads an operand of some shape.
  func read(_ shape: Shape) -> Shape {
    switch self {
    case .convolution(let convolution): convolution.isOverTokens ? shape.asTokens : shape.asMap
    case .add: shape.asMap
    case .neurons(let neurons): neurons.isOverMap ? shape.asMap : shape
    default: shape
    }
  }

  /// The shape of the result for operands of some shapes.
  func shape(reading operands: [Shape]) -> Shape {
    let first = operands.first ?? .vector(channels: 0)
    let (channels, size) = (first.channels, first.size)
    switch self {
    case .input: preconditionFailure("an input reads nothing")
    case .convolution(let convolution):
      let size = convolution.outputSize(size)
      return convolution.isOverTokens
        ? .tokens(channels: convolution.outChannels, size: size)
        : .map(channels: convolution.outChannels, size: size)
    case .pool(let pool): return .map(channels: channels, size: size.divided(by: pool.stride))
    case .neurons, .add: return read(first)
    case .and: return first
    case .sumOverHeads(let heads): return .tokens(channels: heads, size: size)
    case .sumOverTokens: return .vector(channels: channels)
    case .mask: return operands[1].asTokens
    case .selfAttention: return first.asTokens
    case .mean: return .vector(channels: channels)
    case .classifier(let classifier): return .vector(channels: classifier.classes)
    }
  }

  /// What the elements of the result can be; a sum of counts and reals is a programming error of the
  /// family.
  func signal(reading operands: [Node]) -> Signal {
    switch self {
    case .input, .convolution, .selfAttention, .mean, .classifier: return .real
    case .neurons, .and: return .spikes
    case .pool: return operands[0].signal
    case .mask: return operands[1].signal
    case .add: return Self.sum(operands[0].signal, operands[1].signal)
    case .sumOverHeads(let heads):
      return Self.sum(operands[0], of: operands[0].shape.channels / heads)
    case .sumOverTokens: return Self.sum(operands[0], of: operands[0].shape.size.count)
    }
  }

  private static func sum(_ left: Signal, _ right: Signal) -> Signal {
    switch (left.largest, right.largest) {
    case (nil, nil): return .real
    case (let left?, let right?): return .counts(atMost: left + right)
    default: preconditionFailure("a sum of counts and real numbers")
    }
  }

  private static func sum(_ operand: Node, of terms: Int) -> Signal {
    operand.signal.largest.map { .counts(atMost: $0 * terms) } ?? .real
  }

  /// Whether the result is the same at every time step if what is read is, or is not.
  func isConstant(reading operands: [Node]) -> Bool {
    switch self {
    case .input(let coding): coding == .direct
    case .neurons: false
    case .mean(let axes) where axes.contains(.time): true
    default: operands.allSatisfy(\.isConstant)
    }
  }
}
