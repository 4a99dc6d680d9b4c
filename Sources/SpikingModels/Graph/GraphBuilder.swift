/// Puts a graph together in the words of the papers.
public struct GraphBuilder {
  /// A result that later operations can read.
  public struct Stream: Sendable { let node: Int }

  /// What has been put together.
  public private(set) var graph: ModelGraph
  /// The part of the network that what follows belongs to.
  public var part = Part.embedding
  /// The input.
  public let input = Stream(node: 0)
  /// Added to the variance in every batch normalisation.
  let normEpsilon: Double
  /// The constants of neurons behind a convolution, or before one.
  public let unit: LIFParameters
  /// The constants of neurons inside an attention.
  public let attention: LIFParameters

  init(_ graph: ModelGraph, normEpsilon: Double, unit: LIFParameters, attention: LIFParameters) {
    self.graph = graph
    self.normEpsilon = normEpsilon
    self.unit = unit
    self.attention = attention
  }

  /// Channels of a stream.
  public func channels(_ x: Stream) -> Int { graph.nodes[x.node].shape.channels }

  // MARK: Parts of a unit

  /// A convolution and its batch normalisation.
  public mutating func convolution(
    _ path: String, _ x: Stream, channels: Int, kernel: Int = 1, stride: Int = 1,
    groups: Int = 1, hasBias: Bool = false, isOverTokens: Bool = false
  ) -> Stream {
    var convolution = Convolution(
      inChannels: self.channels(x), outChannels: channels, normEpsilon: normEpsilon)
    convolution.kernel = kernel
    convolution.stride = stride
    convolution.groups = groups
    convolution.hasBias = hasBias
    convolution.isOverTokens = isOverTokens
    return append(path, .convolution(convolution), [x])
  }

  /// Max pooling behind the unit of a path.
  public mutating func pool(_ unit: String, _ x: Stream, kernel: Int = 3, stride: Int = 2) -> Stream
  {
    append(unit + "/pool", .pool(Pool(kernel: kernel, stride: stride)), [x])
  }

  /// Neurons of the part of a path fire.
  public mutating func fire(_ part: String, _ x: Stream, _ neurons: Neurons? = nil) -> Stream {
    append(part + "/lif", .neurons(neurons ?? Neurons(unit)), [x])
  }

  /// A shortcut: what the part of a path gives is added to a stream.
  public mutating func residual(_ part: String, _ x: Stream, _ y: Stream, name: String = "add")
    -> Stream
  {
    append("\(part)/\(name)", .add, [x, y])
  }

  /// A convolution, its batch normalisation, and neurons behind them: Conv, BN, LIF.
  public mutating func unit(
    _ path: String, _ x: Stream, channels: Int, kernel: Int = 1, stride: Int = 1,
    hasBias: Bool = false
  ) -> Stream {
    let current = convolution(
      path, x, channels: channels, kernel: kernel, stride: stride, hasBias: hasBias)
    return fire(path, current)
  }

  // MARK: Attention

  /// K where the sum of Q over its head's channels makes a spike (QKFormer, equation 8).
  public mutating func queryKeyTokenAttention(
    _ path: String, query: Stream, key: Stream, heads: Int
  ) -> Stream {
    let sums = append(path + "/sum", .sumOverHeads(heads), [query])
    let fired = fire(path, sums, Neurons(attention, role: .attention))
    return append(path + "/mask", .mask(.tokens), [fired, key])
  }

  /// K where the sum of Q over the tokens makes a spike (QKFormer, equation 9).
  public mutating func queryKeyChannelAttention(
    _ path: String, query: Stream, key: Stream
  ) -> Stream {
    let sums = append(path + "/sum", .sumOverTokens, [query])
    let fired = fire(path, sums, Neurons(attention, role: .attention))
    return append(path + "/mask", .mask(.channels), [fired, key])
  }

  /// The spikes of `Q (K^T V)`, scaled (Spikformer, equation 6).
  public mutating func selfAttention(
    _ path: String, query: Stream, key: Stream, value: Stream, heads: Int, scale: Float
  ) -> Stream {
    let product = append(
      path + "/product", .selfAttention(SelfAttention(heads: heads, scale: scale)),
      [query, key, value])
    return fire(path, product, Neurons(attention, role: .attention))
  }

  // MARK: Readout

  /// A mean, which a path names.
  public mutating func mean(_ path: String, _ x: Stream, over axes: [Axis]) -> Stream {
    append(path, .mean(over: axes), [x])
  }

  /// The linear map to classes; with `averagesSteps` its logits are averaged over the steps.
  public mutating func classifier(_ path: String, _ x: Stream, classes: Int, averagesSteps: Bool) {
    let classifier = Classifier(
      features: channels(x), classes: classes, averagesSteps: averagesSteps)
    _ = append(path, .classifier(classifier), [x])
  }

  private mutating func append(
    _ path: String, _ operation: Operation, _ operands: [Stream]
  ) -> Stream {
    Stream(node: graph.append(path, operation, of: part, reading: operands.map(\.node)))
  }
}
