/// One operation of the forward pass, for one sample at one time step.
///
/// Corresponds to a node of the computational graph.
public struct LayerNode: Sendable {
  /// What is done with what is read.
  public enum Operation: Sendable {
    /// Nothing: the picture, or a frame of events.
    case input
    /// A convolution and its batch normalisation.
    case convolution(ConvolutionUnit)
    /// Max pooling, 3x3, stride 2, padding 1.
    case maxPool
    /// Neurons fire.
    case neurons(NeuronGroup)
    /// The sum of Q over the channels of each of some heads (paper, equation 8).
    case sumOfHeads(Int)
    /// The sum of Q over the tokens (paper, equation 9).
    case sumOfTokens
    /// K, the second operand, where its head's token fired.
    case maskOfTokens
    /// K, the second operand, where its channel fired.
    case maskOfChannels
    /// `Q (K^T V)` of each of some heads, times the attention scale.
    case product(heads: Int)
    /// The sum of two operands.
    case add
    /// The mean of a membrane over tokens.
    case meanOfMembrane
    /// The mean of counts over tokens, and over steps if the readout says so.
    case mean
    /// The classifier.
    case classifier
  }

  /// Canonical path, as in `stage1/block0/attention/q/lif`; one that no parameter or neuron has
  /// ends in the name of the operation, as in `stage1/speds/add`.
  public let path: String
  /// The operation.
  public let operation: Operation
  /// Paths of the nodes whose results it reads.
  public let reads: [String]
  /// The shape that it reads its first operand in; an operand may have been given with other axes
  /// of the same elements.
  public let inputShape: [Int]
  /// The shape of its result: `[C, H, W]`, `[C, N]`, `[heads, N]` or `[C]`.
  public let shape: [Int]
}

extension NetworkPlan {
  /// Every operation in the order of the forward pass, for an input of some extent.
  ///
  /// Each reads only what stands before it.
  public func graph(for input: SpatialSize) -> [LayerNode] {
    var builder = LayerGraphBuilder(plan: self, input: input)
    builder.build()
    return builder.nodes
  }
}

/// Where a result comes from, and its extent.
private struct Source {
  let path: String
  let channels: Int
  let size: SpatialSize
  let shape: [Int]

  init(_ path: String, _ channels: Int, _ size: SpatialSize, shape: [Int]? = nil) {
    self.path = path
    self.channels = channels
    self.size = size
    self.shape = shape ?? [channels, size.height, size.width]
  }

  /// A result with axes `[C, N]`.
  static func tokens(_ path: String, _ channels: Int, _ size: SpatialSize) -> Source {
    Source(path, channels, size, shape: [channels, size.count])
  }

  /// A result with the axis `[C]`.
  static func vector(_ path: String, _ channels: Int) -> Source {
    Source(path, channels, SpatialSize(height: 1, width: 1), shape: [channels])
  }

  /// The same elements as tokens.
  var tokens: [Int] { [channels, size.count] }
  /// The same elements as a map.
  var map: [Int] { [channels, size.height, size.width] }
}

private struct LayerGraphBuilder {
  let plan: NetworkPlan
  let input: SpatialSize
  private let groups: [NeuronGroup]
  private var fired = 0
  private(set) var nodes: [LayerNode] = []

  init(plan: NetworkPlan, input: SpatialSize) {
    self.plan = plan
    self.input = input
    groups = plan.neurons(for: input)
  }

  private var isMembrane: Bool { plan.configuration.residual == .membraneShortcut }

  mutating func build() {
    let channels = plan.configuration.input.channels
    let source = Source("input", channels, input)
    var x = append(.input, [], source.shape, source)
    for (index, stage) in plan.stages.enumerated() {
      x = embedding(stage, x, isFirst: index == 0)
      for (number, block) in stage.blocks.enumerated() {
        x = self.block(block, "\(stage.path)/block\(number)", x)
      }
    }
    head(x)
  }

  // MARK: Parts of the network

  /// SPEDS; with membranes the shortcut reads the spikes that one of the units reads.
  private mutating func embedding(_ stage: StagePlan, _ x: Source, isFirst: Bool) -> Source {
    let plan = stage.embedding
    var (x, points) = (x, [Source]())
    for (index, unit) in plan.units.enumerated() {
      let readsInput = isFirst && index == 0
      if isMembrane, !readsInput { x = fire(x) }
      points.append(x)
      x = current(unit, x)
      if !isMembrane { x = fire(x) }
    }
    let branch = points[plan.shortcutStart]
    let shortcut = current(plan.shortcut, branch)
    return add("\(stage.path)/speds/add", x, isMembrane ? shortcut : fire(shortcut))
  }

  private mutating func block(_ block: BlockPlan, _ path: String, _ x: Source) -> Source {
    let attention = block.attention
    let attended = attended(attention, isMembrane ? fire(x) : x)
    let mixed = add(attention.path + "/add", x, output(attention.projection, attended))
    return mlp(block.mlp, path + "/mlp", mixed)
  }

  /// What the projection reads.
  private mutating func attended(_ attention: AttentionPlan, _ x: Source) -> Source {
    let query = fire(current(attention.query, x))
    let key = fire(current(attention.key, x))
    let path = attention.path
    let masked = Source.tokens(path + "/mask", attention.channels, x.size)
    switch attention.mixer {
    case .qkta:
      let sums = append(
        .sumOfHeads(attention.heads), [query], .tokens(path + "/sum", attention.heads, x.size))
      return append(.maskOfTokens, [fire(sums), key], masked)
    case .qkca:
      let sums = append(.sumOfTokens, [query], .vector(path + "/sum", attention.channels))
      return append(.maskOfChannels, [fire(sums), key], masked)
    case .ssa:
      guard let unit = attention.value else { preconditionFailure("attention without V") }
      let value = fire(current(unit, x))
      return fire(
        append(
          .product(heads: attention.heads), [query, key, value],
          .tokens(path + "/product", attention.channels, x.size)))
    }
  }

  private mutating func mlp(_ mlp: MLPPlan, _ path: String, _ x: Source) -> Source {
    guard isMembrane else {
      let hidden = fire(current(mlp.expansion, x))
      return add(path + "/add", x, fire(current(mlp.contraction, hidden)))
    }
    let expanded = current(mlp.expansion, fire(x))
    let hidden = mlp.hasInnerShortcut ? add(path + "/inner_add", x, expanded) : expanded
    let contracted = current(mlp.contraction, fire(hidden))
    return add(path + "/add", mlp.hasInnerShortcut ? hidden : x, contracted)
  }

  private mutating func head(_ x: Source) {
    let path = NetworkPlan.headPath
    let counts =
      isMembrane
      ? fire(append(.meanOfMembrane, [x], .vector(path + "/mean_tokens", x.channels))) : x
    let mean = append(.mean, [counts], .vector(path + "/mean", x.channels))
    _ = append(.classifier, [mean], .vector(path, plan.configuration.classes))
  }

  // MARK: Nodes

  /// Conv, BN, pooling where the plan has it.
  private mutating func current(_ unit: ConvolutionUnit, _ x: Source) -> Source {
    let size = unit.convolvedSize(x.size)
    let convolved =
      unit.isOverTokens
      ? Source.tokens(unit.path, unit.outChannels, size)
      : Source(unit.path, unit.outChannels, size)
    let result = append(
      .convolution(unit), [x.path], unit.isOverTokens ? x.tokens : x.map, convolved)
    guard unit.pools else { return result }
    return append(
      .maxPool, [result], Source(unit.path + "/pool", unit.outChannels, unit.outputSize(x.size)))
  }

  /// What a unit gives to a stream: spikes, or what is added to a membrane.
  private mutating func output(_ unit: ConvolutionUnit, _ x: Source) -> Source {
    let current = current(unit, x)
    return isMembrane ? current : fire(current)
  }

  private mutating func fire(_ x: Source) -> Source {
    let group = groups[fired]
    fired += 1
    return append(
      .neurons(group), [x.path], group.shape,
      Source(group.path, x.channels, x.size, shape: group.shape))
  }

  private mutating func add(_ path: String, _ x: Source, _ y: Source) -> Source {
    append(.add, [x.path, y.path], x.map, Source(path, x.channels, x.size))
  }

  private mutating func append(
    _ operation: LayerNode.Operation, _ reads: [Source], _ result: Source
  ) -> Source {
    append(operation, reads.map(\.path), reads[0].shape, result)
  }

  private mutating func append(
    _ operation: LayerNode.Operation, _ reads: [String], _ inputShape: [Int], _ result: Source
  ) -> Source {
    nodes.append(
      LayerNode(
        path: result.path, operation: operation, reads: reads, inputShape: inputShape,
        shape: result.shape))
    return result
  }
}
