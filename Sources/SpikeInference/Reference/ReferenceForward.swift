public import QKFormerModel

/// The forward pass in plain loops, in the order of the paper.
///
/// It is the definition of what a model computes: any other engine must give the same bits.
///
/// Corresponds to the paper's figure 2 and upstream's `forward_features` and `forward`.
public struct ReferenceForward: ForwardPass {
  /// The network.
  public let plan: NetworkPlan
  private let weights: ModelWeights
  private let units: [String: ConvolutionWithNorm]

  /// Prepares a network for running.
  ///
  /// - Throws: `InferenceFailure` if the configuration needs something this engine lacks.
  public init(_ plan: NetworkPlan, _ weights: ModelWeights) throws {
    self.plan = plan
    self.weights = weights
    var units: [String: ConvolutionWithNorm] = [:]
    for unit in plan.units { units[unit.path] = ConvolutionWithNorm(unit, weights[unit]) }
    self.units = units
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
    let neurons = plan.neurons(for: input.size)
    // A current and a count for each.
    try MemoryNeed.require(5, each: neurons, plan, input)
    var run = ReferenceRun(engine: self, neurons: neurons, observer: observer)
    defer { observer = run.observer }
    if Observer.observes.seesElements {
      run.observer.firstConvolution(plan.firstUnit, input: input.currents())
    }
    let stream =
      plan.configuration.residual == .spikeAddition
      ? try run.stages(input) : try run.membraneStages(input)
    if Observer.observes.seesElements { run.observer.classifier(input: stream) }
    let head = ClassificationHead(plan: plan, weights: weights)
    return head.logits(head.features(stream), batch: input.batch, linear: head.linear)
  }

  func convolution(_ unit: ConvolutionUnit) -> ConvolutionWithNorm {
    guard let convolution = units[unit.path] else {
      preconditionFailure("a unit of another network: \(unit.path)")
    }
    return convolution
  }
}

/// One run through the network: what is left to visit, and who watches.
struct ReferenceRun<Observer: ForwardObserver> {
  let engine: ReferenceForward
  /// Every neuron group of this input, in the order in which they fire.
  let neurons: [NeuronGroup]
  var observer: Observer
  private var next = 0

  init(engine: ReferenceForward, neurons: [NeuronGroup], observer: Observer) {
    self.engine = engine
    self.neurons = neurons
    self.observer = observer
  }

  var configuration: QKFormerConfiguration { engine.plan.configuration }

  // MARK: Stages

  mutating func stages(_ input: InputBatch) throws -> SpikeCountMap {
    var stream: SpikeCountMap?
    for stage in engine.plan.stages {
      var x = try embedding(stage.embedding, stream, input)
      for block in stage.blocks { x = try self.block(block, x) }
      stream = x
    }
    guard let stream else { preconditionFailure("a network without stages") }
    return stream
  }

  /// SPEDS: the chain of units, plus a shortcut from a point inside it. `[T, B, N, C]`.
  private mutating func embedding(
    _ plan: PatchEmbeddingPlan, _ stream: SpikeCountMap?, _ input: InputBatch
  ) throws -> SpikeCountMap {
    var points = stream.map { [$0] } ?? []
    for unit in plan.units {
      points.append(
        try points.last.map { try self.unit(unit, $0) } ?? firstUnit(unit, input))
    }
    let branch = points[plan.shortcutStart - (stream == nil ? 1 : 0)]
    let main = points[points.count - 1]
    return main + (try self.unit(plan.shortcut, branch))
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  private mutating func block(_ plan: BlockPlan, _ stream: SpikeCountMap) throws -> SpikeCountMap {
    let mixed = stream + (try attention(plan.attention, stream))
    return mixed + (try mlp(plan.mlp, mixed))
  }

  // MARK: Attention and MLP

  private mutating func attention(
    _ plan: AttentionPlan, _ stream: SpikeCountMap
  ) throws -> SpikeCountMap {
    try unit(plan.projection, try attended(plan, stream))
  }

  /// What the projection reads: all of an attention before it.
  mutating func attended(
    _ plan: AttentionPlan, _ stream: SpikeCountMap
  ) throws -> SpikeCountMap {
    let query = try unit(plan.query, stream)
    let key = try unit(plan.key, stream)
    switch plan.mixer {
    case .qkta:
      let current = QueryKeyAttention.tokenCurrent(query, heads: plan.heads)
      let mask = try fire(current)
      return QueryKeyAttention.mask(key, byTokens: mask)
    case .qkca:
      let mask = try fire(QueryKeyAttention.channelCurrent(query))
      return QueryKeyAttention.mask(key, byChannels: mask)
    case .ssa:
      guard let valueUnit = plan.value else { preconditionFailure("attention without V") }
      let value = try unit(valueUnit, stream)
      let current = SpikingSelfAttention.current(
        query: query, key: key, value: value, heads: plan.heads,
        scale: configuration.attentionScale)
      return try fire(current)
    }
  }

  private mutating func mlp(_ plan: MLPPlan, _ stream: SpikeCountMap) throws -> SpikeCountMap {
    try unit(plan.contraction, try unit(plan.expansion, stream))
  }

  // MARK: Units and neurons

  /// Conv, BN, pooling where the plan has it, LIF.
  private mutating func unit(
    _ unit: ConvolutionUnit, _ stream: SpikeCountMap
  ) throws -> SpikeCountMap {
    try fire(current(unit, stream))
  }

  /// Conv, BN, pooling where the plan has it.
  mutating func current(_ unit: ConvolutionUnit, _ stream: SpikeCountMap) -> CurrentMap {
    if Observer.observes == .counts {
      observer.read(unit, stream.frameCounts())
    } else {
      observer.convolution(unit, input: stream)
    }
    let current = engine.convolution(unit)(stream)
    return unit.pools ? current.maxPooled() : current
  }

  /// The first unit reads the image once and repeats its current, or reads each event frame.
  private mutating func firstUnit(
    _ unit: ConvolutionUnit, _ input: InputBatch
  ) throws -> SpikeCountMap {
    try fire(firstCurrent(unit, input))
  }

  /// What the first unit gives at every step.
  func firstCurrent(_ unit: ConvolutionUnit, _ input: InputBatch) -> CurrentMap {
    let current = engine.convolution(unit)(real: input.currents())
    let pooled = unit.pools ? current.maxPooled() : current
    let isDirect = configuration.input.coding == .direct
    return isDirect ? pooled.repeated(timeSteps: configuration.timeSteps) : pooled
  }

  /// The next neuron group fires on a current `[T, B, N, C]`.
  mutating func fire(_ current: CurrentMap) throws -> SpikeCountMap {
    let group = neurons[next]
    next += 1
    let neuron = LIFNeuron(engine.plan.parameters(of: group))
    var spikes = neuron.spikes(current, scope: engine.plan.scope(of: group))
    if Observer.observes == .counts {
      observer.fired(group, spikes.frameCounts())
    } else {
      try observer.neurons(group, current: current, spikes: &spikes)
    }
    return spikes
  }
}
