public import SpikingModels

/// The forward pass in plain loops: a fold over the operations of the graph.
///
/// It is the definition of what a model computes: any other engine must give the same bits. The
/// network itself is laid out by its family (`QKFormer`, `MSQKFormer`); each operation has a file.
public struct ReferenceForward: ForwardPass {
  /// The network, for some extent of its input.
  public let graph: ModelGraph
  private let convolutions: [String: ConvolutionWithNorm]
  private let head: ClassificationHead

  /// Prepares a network for running.
  ///
  /// - Throws: `InferenceFailure` if the network needs something this engine lacks.
  public init(_ graph: ModelGraph, _ weights: ModelWeights) throws {
    self.graph = graph
    var convolutions: [String: ConvolutionWithNorm] = [:]
    for node in graph.nodes {
      guard case .convolution(let convolution) = node.operation else { continue }
      convolutions[node.path] = ConvolutionWithNorm(convolution, weights[node.path])
    }
    self.convolutions = convolutions
    head = ClassificationHead(graph.classifier, weights)
  }

  /// A unit runs in one thread.
  public var runsUnitsInParallel: Bool { true }
  /// One: units run in parallel.
  public func samplesTogether(_ size: SpatialSize) -> Int { 1 }

  /// Runs a batch as one unit and returns its logits, `[B][classes]`.
  ///
  /// - Throws: `InferenceFailure`, and what the observer throws.
  public func logits<Observer: ForwardObserver>(
    of input: InputBatch, observer: inout Observer
  ) throws -> [[Float]] {
    try FloatingPointEnvironment.check()
    let graph = graph.resized(to: input.size)
    // A current and a count for each.
    try MemoryNeed.require(5, eachNeuronOf: graph, input)
    var run = ReferenceRun(
      graph: graph, convolutions: convolutions, head: head, observer: observer)
    defer { observer = run.observer }
    return try run.logits(of: input)
  }
}

/// One run through the network: what has been computed and is still needed, and who watches.
private struct ReferenceRun<Observer: ForwardObserver> {
  let graph: ModelGraph
  let convolutions: [String: ConvolutionWithNorm]
  let head: ClassificationHead
  var observer: Observer
  /// By node; gone once the last of its readers has read it.
  private var results: [Activation?]

  init(
    graph: ModelGraph, convolutions: [String: ConvolutionWithNorm], head: ClassificationHead,
    observer: Observer
  ) {
    self.graph = graph
    self.convolutions = convolutions
    self.head = head
    self.observer = observer
    results = Array(repeating: nil, count: graph.nodes.count)
  }

  /// Every node in order; the last one's result.
  mutating func logits(of input: InputBatch) throws -> [[Float]] {
    let lastReaders = graph.lastReaders
    results[0] = .real(input.currents())
    for (index, node) in graph.nodes.enumerated().dropFirst() {
      results[index] = try result(of: node)
      for input in node.inputs where lastReaders[input] == index { results[input] = nil }
    }
    guard let logits = results[results.count - 1] else {
      preconditionFailure("a graph without operations")
    }
    return head.averaged(logits.currents)
  }

  /// What an operation reads, at every step unless its own result is the same at each.
  private func operand(_ position: Int, of node: Node) -> Activation {
    guard let result = results[node.inputs[position]] else {
      preconditionFailure("\(node.path) reads what was released")
    }
    return node.isConstant ? result : result.repeated(timeSteps: graph.timeSteps)
  }

  private mutating func result(of node: Node) throws -> Activation {
    let x = operand(0, of: node)
    switch node.operation {
    case .input: preconditionFailure("the input is no result")
    case .convolution: return .real(convolve(node, x))
    case .pool(let pool): return x.pooled(pool)
    case .neurons(let neurons): return .counts(try fire(node, neurons, x.charge))
    case .add: return x + operand(1, of: node)
    case .and: return .counts(x.spikes.intersection(operand(1, of: node).spikes))
    case .sumOverHeads(let heads):
      return .real(QueryKeyAttention.tokenCurrent(x.spikes, heads: heads))
    case .sumOverTokens: return .real(QueryKeyAttention.channelCurrent(x.spikes))
    case .mask(let axis):
      return .counts(QueryKeyAttention.mask(operand(1, of: node).spikes, by: x.spikes, over: axis))
    case .selfAttention(let attention):
      return .real(
        SpikingSelfAttention.current(
          query: x.spikes, key: operand(1, of: node).spikes, value: operand(2, of: node).spikes,
          heads: attention.heads, scale: attention.scale))
    case .mean(let axes): return .real(mean(node, x, over: axes))
    case .classifier: return .real(head.logits(x.currents))
    }
  }

  // MARK: Operations that are observed

  private mutating func convolve(_ node: Node, _ x: Activation) -> CurrentMap {
    guard let convolution = convolutions[node.path] else {
      preconditionFailure("a convolution of another network: \(node.path)")
    }
    switch x {
    case .real(let map):
      if Observer.observes.seesElements { observer.firstConvolution(node, input: map) }
      return convolution(real: map)
    case .counts(let map):
      if Observer.observes == .counts {
        observer.read(node, map.frameCounts())
      } else {
        observer.convolution(node, input: map)
      }
      return convolution(map)
    }
  }

  private mutating func fire(
    _ node: Node, _ neurons: Neurons, _ current: CurrentMap
  ) throws -> SpikeCountMap {
    var spikes = LIFNeuron(neurons.constants).spikes(current, scope: neurons.scope)
    let group = NeuronGroup(node, neurons)
    if Observer.observes == .counts {
      observer.fired(group, spikes.frameCounts())
    } else {
      try observer.neurons(group, current: current, spikes: &spikes)
    }
    return spikes
  }

  private mutating func mean(_ node: Node, _ x: Activation, over axes: [Axis]) -> CurrentMap {
    switch x {
    case .real(let map): return map.mean(over: axes)
    case .counts(let map):
      if Observer.observes.seesElements { observer.classifier(input: map) }
      return map.mean(over: axes)
    }
  }
}
