import Diagnostics
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// The fast engine gives the bits of the reference engine: logits, currents, spikes and inputs.
@Suite struct EngineEqualityTests {
  typealias Configuration = ModelConfiguration

  /// Everything that an observer sees, and the logits.
  private struct Outcome: Equatable {
    var logits: [[UInt32]]
    var collector: Collector
  }

  private func run(_ engine: some ForwardPass, _ input: InputBatch) throws -> Outcome {
    var collector = Collector()
    let logits = try engine.logits(of: input, observer: &collector)
    return Outcome(logits: logits.map { $0.map(\.bitPattern) }, collector: collector)
  }

  /// Compares the engines, and the fast one without an observer.
  private func compare(
    _ configuration: Configuration, batch: Int, threads: [Int] = [2],
    kernels: [SpikeKernels] = SpikeKernels.available, height: Int? = nil, width: Int? = nil,
    seed: UInt64 = 1
  ) throws {
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(
      plan.graph, parameters: TinyModel.parameters(configuration, seed: seed))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: batch, height: height, width: width),
      for: configuration.graph, name: "random")
    let expected = try run(ReferenceForward(plan.graph, weights), input)
    let groups = plan.neurons(for: input.size)
    let spikes = expected.collector.spikes.values.reduce(0) { $0 + $1.reduce(0) { $0 + Int($1) } }
    try #require(spikes > 0, "a model that never spikes proves nothing")
    for kernels in kernels {
      for threads in threads {
        let fast = try FastForward(plan.graph, weights, kernels: kernels, threads: threads)
        let found = try run(fast, input)
        let differing = groups.first { group in
          found.collector.currents[group.path] != expected.collector.currents[group.path]
            || found.collector.spikes[group.path] != expected.collector.spikes[group.path]
        }
        #expect(differing == nil, "\(kernels), \(threads) threads: \(differing?.path ?? "")")
        #expect(found == expected, "\(kernels), \(threads) threads")
        var nobody = NoObserver()
        let logits = try fast.logits(of: input, observer: &nobody)
        #expect(logits.map { $0.map(\.bitPattern) } == expected.logits, "unobserved, \(kernels)")
      }
    }
  }

  @Test(arguments: ForwardLawTests.configurations)
  func `every family and mixer, with all kernels`(_ configuration: Configuration) throws {
    try compare(configuration, batch: 2)
  }

  @Test(arguments: [1, 2, 3, 7], [1, 2, 5, 32])
  func `any number of threads and any batch`(_ threads: Int, _ batch: Int) throws {
    let fastest = [SpikeKernels.available[0]]
    for scope in [NeuronScope.sample, .batch] {
      try compare(
        TinyModel.configuration(blocks: 2, scope: scope, size: 8), batch: batch,
        threads: [threads], kernels: fastest)
    }
    try compare(
      TinyModel.configuration(.dvs, mixers: [.qkca, .ssa], size: 16), batch: min(batch, 5),
      threads: [threads], kernels: fastest)
  }

  @Test func `events with scope batch visit the frames in the published order`() throws {
    try compare(
      TinyModel.configuration(.dvs, mixers: [.qkta, .ssa], scope: .batch), batch: 3,
      threads: [1, 3])
  }

  /// Odd numbers of channels, heads across word borders, blocks with a rest.
  @Test(arguments: [(20, 5), (36, 3), (72, 2), (96, 6), (132, 1)])
  func `channels that fill no tile, no word and no group`(_ channels: Int, _ heads: Int) throws {
    var configuration = TinyModel.configuration(mixers: [.qkta, .qkca, .ssa], size: 8)
    for index in configuration.qkformer.stages.indices {
      configuration.qkformer.stages[index].channels = channels
      configuration.qkformer.stages[index].heads = heads
    }
    try compare(configuration, batch: 2)
  }

  @Test(arguments: [9, 126])
  func `deep stages count on many planes`(_ blocks: Int) throws {
    try compare(TinyModel.configuration(mixers: [.ssa], blocks: blocks, size: 8), batch: 2)
  }

  /// Rows of lists, several waves, a halo of rows before the pooling, odd extents.
  @Test func `images too large for one strip`() throws {
    let wide = TinyModel.configuration(.imagenet, mixers: [.qkta, .ssa], size: 16)
    try compare(wide, batch: 2, height: 101, width: 93)
    var deep = TinyModel.configuration(.cifar, mixers: [.qkca], size: 8)
    deep.qkformer.stages[0].channels = 144
    try compare(
      deep, batch: 7, threads: [3], kernels: [SpikeKernels.available[0]], height: 38, width: 43)
  }

  @Test(arguments: [LIFParameters.FiringRule.atOrAbove, .above], [Float(2), 1.7, 3])
  func `other neurons`(_ fires: LIFParameters.FiringRule, _ tau: Float) throws {
    var configuration = TinyModel.configuration(size: 8)
    for kind in [\Configuration.Neurons.unit, \Configuration.Neurons.attention] {
      configuration.neurons[keyPath: kind].timeConstant = tau
      configuration.neurons[keyPath: kind].fires = fires
      configuration.neurons[keyPath: kind].resetPotential = 0.125
    }
    configuration.qkformer.readout = .headThenMean
    try compare(configuration, batch: 3)
  }

  @Test func `an observer may replace the spikes`() throws {
    let configuration = TinyModel.configuration(blocks: 2, size: 8)
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 2), for: configuration.graph, name: "random")
    var first = Replacer()
    var second = Replacer()
    let reference = try ReferenceForward(plan.graph, weights).logits(of: input, observer: &first)
    let fast = try FastForward(plan.graph, weights).logits(of: input, observer: &second)
    #expect(first.seen == second.seen)
    #expect(reference == fast)
    var nobody = NoObserver()
    #expect(try FastForward(plan.graph, weights).logits(of: input, observer: &nobody) != fast)
  }

  @Test func `one engine serves inputs of any shape, from several threads`() async throws {
    let configuration = TinyModel.configuration(size: 8)
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    let fast = try FastForward(plan.graph, weights, threads: 3)
    let reference = try ReferenceForward(plan.graph, weights)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for batch in [1, 3, 1, 2, 4, 1] {
        group.addTask {
          let input = try InputBatch(
            TinyModel.input(configuration, batch: batch, height: 8 + 4 * batch),
            for: configuration.graph, name: "random")
          var nobody = NoObserver()
          return try fast.logits(of: input, observer: &nobody)
            == reference.logits(of: input, observer: &nobody)
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func `samples that are run together are those run alone`() throws {
    let configuration = TinyModel.configuration(size: 8)
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 40), for: configuration.graph, name: "random")
    let fast = try FastForward(plan.graph, weights)
    #expect(fast.samplesTogether(input.size) > 1)
    let together = try fast.run(input) { _ in NoObserver() }.flatMap(\.logits)
    let alone = try ReferenceForward(plan.graph, weights).run(input) { _ in NoObserver() }
      .flatMap(\.logits)
    #expect(together == alone)
  }

  @Test func `kernels that cannot run are refused by name`() throws {
    for name in ["avx1024", "", "AVX2"] {
      #expect(throws: InferenceFailure.self) { try SpikeKernels.chosen(forced: name) }
    }
    #expect(try SpikeKernels.chosen(forced: "scalar").name == "scalar")
    for name in SpikeKernels.names where SpikeKernels(named: name) == nil {
      print("skipped kernels \(name): this processor or build has none")
      #expect(throws: InferenceFailure.self) { try SpikeKernels.chosen(forced: name) }
    }
  }

  @Test func `the work of every convolution is counted`() throws {
    let configuration = TinyModel.configuration(size: 8)
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 1), for: configuration.graph, name: "random")
    let work = try FastForward(plan.graph, weights).work(of: input)
    let units = plan.graph.convolutions.map(\.path)
    let attentions = units.filter { $0.hasSuffix("/projection") }
      .map { String($0.dropLast("/projection".count)) }
    #expect(work.flatMap(\.paths).sorted() == (units + attentions).sorted())
    let first = units[0]
    for part in work where part.paths != [first] && !attentions.contains(part.paths[0]) {
      #expect(part.lookups > 0, "\(part.paths)")
    }
    let accumulates = plan.operations(for: input.size).reduce(into: [:]) {
      $0[$1.path] = $1.accumulates
    }
    for part in work {
      let steps = part.paths == [first] ? 1 : configuration.timeSteps
      let expected = part.paths.reduce(0) { $0 + (accumulates[$1] ?? 0) } * steps
      #expect(part.denseAccumulates == expected, "\(part.paths)")
    }
  }
}

/// Keeps the bits of everything that an observer sees.
private struct Collector: ForwardObserver, Equatable {
  var spikes: [String: [UInt8]] = [:]
  var currents: [String: [UInt32]] = [:]
  var inputs: [String: [UInt8]] = [:]

  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes map: inout SpikeCountMap)
  {
    spikes[group.path] = map.values
    currents[group.path] = current.values.map(\.bitPattern)
  }

  mutating func convolution(_ node: Node, input: SpikeCountMap) {
    inputs[node.path] = input.values
  }
}

/// Silences every third neuron.
private struct Replacer: ForwardObserver {
  var seen: [String: [UInt8]] = [:]

  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes map: inout SpikeCountMap)
  {
    seen[group.path] = map.values
    for index in stride(from: 0, to: map.values.count, by: 3) { map.values[index] = 0 }
  }
}
