import Concurrency
import Diagnostics
public import SpikingModels
import Synchronization

/// The forward pass that people run: the same steps as `ReferenceForward`, and the same bits.
///
/// Spikes stay bits from one neuron to the next. A convolution of counts looks up the sums of four
/// channels in tables made on the way (`Fast/FastConvolution.swift`), and its normalisation,
/// pooling and neurons follow while the sums are still in the cache.
public struct FastForward: ForwardPass {
  /// The network, for some extent of its input.
  public let graph: ModelGraph
  let walk: StageWalk
  /// The inner loops in use.
  public let kernels: SpikeKernels
  /// Threads that share the work.
  public var threads: Int { state.pool.threads }
  private let units: [String: PackedUnit]
  private let head: FastHead
  private let state: State

  /// The threads and the memory, used by one forward pass at a time.
  private final class State: Sendable {
    let pool: WorkerPool
    let workspace = Mutex<Workspace?>(nil)
    init(threads: Int) { pool = WorkerPool(threads: threads) }
  }

  /// Prepares a network for running; `kernels` are the fastest here, `threads` all processors,
  /// where not said.
  ///
  /// - Throws: `InferenceFailure` if the configuration needs something this engine lacks.
  public init(
    _ graph: ModelGraph, _ weights: ModelWeights, kernels: SpikeKernels? = nil,
    threads: Int? = nil
  ) throws {
    self.graph = graph
    walk = StageWalk(graph)
    self.kernels = kernels ?? SpikeKernels.available[0]
    var units: [String: PackedUnit] = [:]
    for node in graph.nodes {
      guard case .convolution(let convolution) = node.operation else { continue }
      units[node.path] = PackedUnit(
        weights[node.path], inChannels: convolution.inChannels,
        outChannels: convolution.outChannels, taps: convolution.kernel * convolution.kernel,
        isReal: graph.nodes[node.inputs[0]].signal == .real)
    }
    self.units = units
    head = FastHead(graph, weights)
    state = State(threads: threads ?? SpikeKernels.processors)
  }

  /// Work inside a unit is shared; units follow each other.
  public var runsUnitsInParallel: Bool { false }

  /// Enough for the tables of the last stage to pay, within some tens of megabytes.
  public func samplesTogether(_ size: SpatialSize) -> Int {
    let first = walk.stages.first?.embedding.outputSize(size).count ?? 1
    let positions = first * graph.timeSteps
    return min(Self.mostTogether, max(1, Self.positionsTogether / positions))
  }

  private static let mostTogether = 32
  private static let positionsTogether = 1 << 16

  /// Runs a batch as one unit and returns its logits, `[B][classes]`.
  ///
  /// - Throws: `InferenceFailure`, and what the observer throws.
  public func logits<Observer: ForwardObserver>(
    of input: InputBatch, observer: inout Observer
  ) throws -> [[Float]] {
    try logits(of: input, observer: &observer, counter: nil)
  }

  /// Runs a batch as one unit and tells what each convolution did.
  ///
  /// - Throws: `InferenceFailure`.
  public func work(of input: InputBatch) throws -> [LayerWork] {
    let counter = WorkCounter()
    var observer = NoObserver()
    _ = try logits(of: input, observer: &observer, counter: counter)
    return counter.layers
  }

  private func logits<Observer: ForwardObserver>(
    of input: InputBatch, observer: inout Observer, counter: WorkCounter?
  ) throws -> [[Float]] {
    // The lock is held for the whole pass: a second caller waits for the threads anyway.
    try state.workspace.withLock { kept in
      try FloatingPointEnvironment.check(onEveryThreadOf: state.pool)
      let graph = graph.resized(to: input.size)
      // A bit for each spike, at the least: what is more is too much, and its sizes may be no integers.
      try MemoryNeed.require(0.125, eachNeuronOf: graph, input)
      let workspace = try workspace(for: input, kept)
      kept = workspace
      let parts = EngineParts(kernels: kernels, pool: state.pool, workspace: workspace)
      return try workspace.arena.scope {
        var run = FastRun(
          engine: self, parts: parts, neurons: graph.neurons, observer: observer,
          counter: counter)
        defer { observer = run.observer }
        if Observer.observes.seesElements {
          run.observer.firstConvolution(
            walk.stages[0].embedding.units[0].node, input: input.currents())
        }
        let stream = walk.isMembrane ? try run.membraneStages(input) : try run.stages(input)
        if Observer.observes.seesElements { run.observer.classifier(input: stream.counts()) }
        return head.logits(stream, parts)
      }
    }
  }

  /// The memory of the last pass, if its input had the same shape.
  private func workspace(for input: InputBatch, _ kept: Workspace?) throws -> Workspace {
    if let kept, kept.batch == input.batch, kept.size == input.size { return kept }
    return try Workspace(
      walk, batch: input.batch, size: input.size, threads: state.pool.threads)
  }

  func packed(_ unit: ConvolutionUnit) -> PackedUnit {
    guard let packed = units[unit.path] else {
      preconditionFailure("a unit of another network: \(unit.path)")
    }
    return packed
  }
}

/// One run through the network: what is left to visit, and who watches.
struct FastRun<Observer: ForwardObserver> {
  let engine: FastForward
  let parts: EngineParts
  /// Every neuron group of this input, in the order in which they fire.
  let neurons: [NeuronGroup]
  var observer: Observer
  let counter: WorkCounter?
  private var next = 0

  init(
    engine: FastForward, parts: EngineParts, neurons: [NeuronGroup], observer: Observer,
    counter: WorkCounter?
  ) {
    self.engine = engine
    self.parts = parts
    self.neurons = neurons
    self.observer = observer
    self.counter = counter
  }

  var walk: StageWalk { engine.walk }
  var timeSteps: Int { walk.timeSteps }
  var arena: Arena { parts.arena }

  // MARK: Stages

  mutating func stages(_ input: InputBatch) throws -> PlaneMap {
    var size = input.size
    var stream: PlaneMap?
    for stage in walk.stages {
      size = stage.embedding.outputSize(size)
      let x = PlaneMap(
        arena, timeSteps: timeSteps, batch: input.batch, size: size,
        channels: stage.embedding.shortcut.outChannels, planes: stage.planes)
      try arena.scope { try embedding(stage.embedding, stream, input, into: x) }
      for block in stage.blocks { try self.block(block, x) }
      stream = x
    }
    guard let stream else { preconditionFailure("a network without stages") }
    return stream
  }

  /// SPEDS: the chain of units, plus a shortcut from a point inside it.
  private mutating func embedding(
    _ plan: PatchEmbeddingPlan, _ stream: PlaneMap?, _ input: InputBatch, into x: PlaneMap
  ) throws {
    var points = stream.map { [$0] } ?? []
    for unit in plan.units {
      points.append(
        try points.last.map { try self.unit(unit, $0) } ?? firstUnit(unit, input))
    }
    let branch = points[plan.shortcutStart - (stream == nil ? 1 : 0)]
    x.clear(from: 0)
    parts.add(points[points.count - 1], to: x)
    parts.add(try self.unit(plan.shortcut, branch), to: x)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  private mutating func block(_ plan: BlockPlan, _ x: PlaneMap) throws {
    try arena.scope { parts.add(try attention(plan.attention, x), to: x) }
    try arena.scope { parts.add(try mlp(plan.mlp, x), to: x) }
  }

  // MARK: Attention and MLP

  private mutating func attention(_ plan: AttentionPlan, _ stream: PlaneMap) throws -> PlaneMap {
    try unit(plan.projection, try mixed(plan, stream))
  }

  /// What the projection reads: all of an attention before it.
  mutating func mixed(_ plan: AttentionPlan, _ stream: PlaneMap) throws -> PlaneMap {
    let maps = try units(plan.readers, stream)
    counter?.begin()
    let attended = try attended(plan, query: maps[0], key: maps[1], value: maps[maps.count - 1])
    counter?.end(plan, stream)
    return attended
  }

  /// What lies between Q, K, V and the projection.
  private mutating func attended(
    _ plan: AttentionPlan, query: PlaneMap, key: PlaneMap, value: PlaneMap
  ) throws -> PlaneMap {
    let shape = AttentionCurrent(
      plan, timeSteps: timeSteps, batch: query.batch, size: query.size)
    let attention = unsafe FastAttention(
      plan: plan, engine: parts,
      neuron: NeuronKernel(plan.neurons.constants, kernels: parts.kernels),
      current: CurrentBuffer(arena.take(Float.self, shape.floats), channels: shape.channels),
      fired: map(shape.size, shape.channels))
    switch plan.mixing {
    case .tokens:
      attention.tokenCurrent(query)
      try fire(attention)
      let masked = map(query.size, plan.channels)
      attention.maskTokens(key, into: masked)
      return masked
    case .channels:
      attention.channelCurrent(query)
      try fire(attention)
      let masked = map(query.size, plan.channels)
      attention.maskChannels(key, into: masked)
      return masked
    case .selfAttention(let scale):
      attention.selfCurrent(query, key, value, scale: scale)
      try fire(attention)
      return attention.fired
    }
  }

  private mutating func mlp(_ plan: MLPPlan, _ stream: PlaneMap) throws -> PlaneMap {
    try unit(plan.contraction, try unit(plan.expansion, stream))
  }

  // MARK: Units and neurons

  /// Conv, BN, pooling where the plan has it, LIF.
  private mutating func unit(_ unit: ConvolutionUnit, _ stream: PlaneMap) throws -> PlaneMap {
    try units([unit], stream)[0]
  }

  /// Units of one shape that read the same stream.
  private mutating func units(
    _ units: [ConvolutionUnit], _ stream: PlaneMap
  ) throws -> [PlaneMap] {
    try convolutions(
      units, stream.size, steps: stream.timeSteps, planes: stream.planes, input: stream
    ) { $0.run(stream) }
  }

  /// The first unit reads the image once and repeats its current, or reads each event frame.
  private mutating func firstUnit(
    _ unit: ConvolutionUnit, _ input: InputBatch
  ) throws -> PlaneMap {
    let frames = walk.frames
    let values = unsafe arena.take(
      Float.self, input.batch * frames * input.size.count * input.channels)
    unsafe input.write(to: values)
    return try convolutions([unit], input.size, steps: frames, planes: 0, input: nil) {
      unsafe $0.run(real: values)
    }[0]
  }

  private mutating func convolutions(
    _ units: [ConvolutionUnit], _ size: SpatialSize, steps: Int, planes: Int, input: PlaneMap?,
    _ run: (FastConvolution) -> Void
  ) throws -> [PlaneMap] {
    let groups = takeGroups(units.count)
    let isChained = groups.first?.neurons.scope == .batch
    let parts = zip(units, groups).map { unit, group in
      let output = map(unit.outputSize(size), unit.outChannels)
      return FastUnit.Neurons(
        kernel: NeuronKernel(
          group.neurons.constants, kernels: self.parts.kernels, isChained: isChained),
        output: output,
        current: Observer.observes == .currents ? CurrentBuffer(allocatedFor: output) : nil)
    }
    convolve(
      units, zip(units, parts).map { FastUnit(packed: engine.packed($0), target: .neurons($1)) },
      size, steps: steps, planes: planes, isChained: isChained, run)
    if let input { observe(units, reading: input) }
    for (group, part) in zip(groups, parts) {
      try observe(group, part.output, current: part.current, steps: timeSteps)
    }
    return parts.map(\.output)
  }

  /// Runs units of one shape that read the same input.
  func convolve(
    _ units: [ConvolutionUnit], _ parts: [FastUnit], _ size: SpatialSize, steps: Int, planes: Int,
    isChained: Bool = false, _ run: (FastConvolution) -> Void
  ) {
    let geometry = ConvolutionGeometry(
      units[0], units: units.count, batch: self.parts.workspace.batch, steps: steps,
      inputSize: size, planes: planes, isChained: isChained, threads: self.parts.pool.threads)
    counter?.begin()
    run(FastConvolution(geometry: geometry, units: parts, engine: self.parts, counter: counter))
    counter?.end(units, geometry)
  }

  /// The next neuron groups, in the order in which they fire.
  mutating func takeGroups(_ count: Int) -> [NeuronGroup] {
    defer { next += count }
    return Array(neurons[next..<next + count])
  }

  /// The next neuron group, an attention's, fires.
  private mutating func fire(_ attention: FastAttention) throws {
    let group = takeGroups(1)[0]
    attention.fire()
    try observe(
      group, attention.fired, current: attention.current, steps: attention.fired.timeSteps)
  }

  /// Units of one shape read the same stream.
  mutating func observe(_ units: [ConvolutionUnit], reading input: PlaneMap) {
    switch Observer.observes {
    case .nothing: break
    case .counts:
      let counts = parts.frameCounts(of: input)
      for unit in units { observer.read(unit.node, counts) }
    case .spikes, .currents:
      for unit in units { observer.convolution(unit.node, input: input.counts()) }
    }
  }

  mutating func observe(
    _ group: NeuronGroup, _ output: PlaneMap, current: CurrentBuffer?, steps: Int
  ) throws {
    guard Observer.observes != .nothing else { return }
    guard Observer.observes != .counts else {
      return observer.fired(group, parts.frameCounts(of: output))
    }
    let before = output.counts()
    var spikes = before
    let currents = Observer.observes == .currents ? current?.map(output, steps: steps) : nil
    try observer.neurons(group, current: currents ?? .empty, spikes: &spikes)
    if spikes.values != before.values { output.replace(by: spikes) }
  }

  func map(_ size: SpatialSize, _ channels: Int) -> PlaneMap {
    PlaneMap(
      arena, timeSteps: timeSteps, batch: parts.workspace.batch, size: size,
      channels: channels)
  }
}

extension PatchEmbeddingPlan {
  /// The extent after the embedding.
  func outputSize(_ size: SpatialSize) -> SpatialSize {
    units.reduce(size) { $1.outputSize($0) }
  }
}
