import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Laws that hold for every model, whatever its weights.
@Suite struct ForwardLawTests {
  typealias Configuration = ModelConfiguration

  /// Every family, every mixer, both image and event input.
  static let configurations: [Configuration] =
    [QKFormer.Family.imagenet, .cifar, .dvs].flatMap { family in
      [[QKFormer.Mixer.qkta, .ssa], [.qkca, .ssa], [.qkca, .qkta], [.ssa, .qkca]].map {
        TinyModel.configuration(family, mixers: $0, size: 16)
      }
    } + membranes

  /// Membrane shortcuts: every family, both readouts, with and without the inner shortcut.
  static let membranes: [Configuration] =
    [QKFormer.Family.imagenet, .cifar, .dvs].flatMap { family in
      [
        TinyModel.membrane(family, blocks: 2, readout: .headThenMean),
        TinyModel.membrane(family, mixers: [.qkta, .ssa], ratio: 1),
        TinyModel.membrane(family, mixers: [.qkca, .qkta], readout: .headThenMean),
      ]
    }

  private func engine(_ configuration: Configuration) throws -> ReferenceForward {
    let plan = NetworkPlan(configuration)
    return try ReferenceForward(
      plan.graph, ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration)))
  }

  private func input(
    _ configuration: Configuration, batch: Int, height: Int? = nil, width: Int? = nil
  ) throws -> InputBatch {
    try InputBatch(
      TinyModel.input(configuration, batch: batch, height: height, width: width),
      for: configuration.graph, name: "random")
  }

  /// All spikes and the logits of one unit.
  private func run(
    _ engine: ReferenceForward, _ input: InputBatch
  ) throws -> (logits: [[Float]], spikes: [String: [UInt8]], currents: [String: [Float]]) {
    var collector = Collector()
    let logits = try engine.logits(of: input, observer: &collector)
    return (logits, collector.spikes, collector.currents)
  }

  @Test(arguments: configurations)
  func `with scope sample a sample does not depend on its batch`(
    _ configuration: Configuration
  ) throws {
    let engine = try engine(configuration)
    let batch = try input(configuration, batch: 3)
    let together = try run(engine, batch).logits
    let alone = try (0..<3).flatMap { try run(engine, batch.samples($0..<$0 + 1)).logits }
    #expect(together == alone)
    #expect(Set(together.map(\.description)).count > 1, "the samples give different logits")
  }

  @Test func `with scope batch a sample depends on those before it and on no other`() throws {
    let configuration = TinyModel.configuration(blocks: 2, scope: .batch)
    let engine = try engine(configuration)
    let batch = try input(configuration, batch: 3)
    let together = try run(engine, batch)
    let alone = try (0..<3).flatMap { try run(engine, batch.samples($0..<$0 + 1)).logits }
    #expect(together.logits != alone)
    // Before the first step of the second sample nothing has leaked into the first.
    let pair = try run(engine, batch.samples(0..<2))
    let projection = "stage2/block0/attention/projection/lif"
    let neurons = try #require(together.spikes[projection]).count / 9
    #expect(
      try #require(together.spikes[projection])[0..<neurons]
        == #require(pair.spikes[projection])[0..<neurons])
  }

  @Test func `with scope batch a batch of one equals scope sample`() throws {
    let batched = TinyModel.configuration(blocks: 2, scope: .batch)
    let single = TinyModel.configuration(blocks: 2, scope: .sample)
    let one = try input(single, batch: 1)
    let (left, right) = (try run(try engine(batched), one), try run(try engine(single), one))
    #expect(left.logits == right.logits)
    #expect(left.spikes == right.spikes)
  }

  @Test(arguments: configurations)
  func `permuting the batch permutes the logits`(_ configuration: Configuration) throws {
    let engine = try engine(configuration)
    let tensor = TinyModel.input(configuration, batch: 3)
    let values = try tensor.floats(name: "input")
    let width = values.count / 3
    let permuted = Tensor(
      tensor.shape, [2, 0, 1].flatMap { values[$0 * width..<($0 + 1) * width] })
    let before = try run(engine, InputBatch(tensor, for: configuration.graph, name: "input")).logits
    let after = try run(engine, InputBatch(permuted, for: configuration.graph, name: "input"))
      .logits
    #expect(after == [before[2], before[0], before[1]])
  }

  @Test(arguments: configurations)
  func `every group spikes, and only with zeros and ones`(_ configuration: Configuration) throws {
    let result = try run(try engine(configuration), try input(configuration, batch: 2))
    let groups = NetworkPlan(configuration).neurons
    #expect(result.spikes.count == groups.count)
    #expect(result.spikes.values.allSatisfy { $0.allSatisfy { $0 <= 1 } })
    let silent = groups.filter { group in result.spikes[group.path]?.contains(1) != true }
    #expect(silent.count < groups.count / 4, "\(silent.map(\.path))")
    for group in groups {
      #expect(result.spikes[group.path]?.count == group.count * 2 * configuration.timeSteps)
    }
  }

  @Test func `token attention's neuron is a memoryless or over the channels of its head`() throws {
    let configuration = TinyModel.configuration(mixers: [.qkta, .ssa])
    let result = try run(try engine(configuration), try input(configuration, batch: 2))
    let query = try #require(result.spikes["stage1/block0/attention/q/lif"])
    let mask = try #require(result.spikes["stage1/block0/attention/lif"])
    // `[T, B, N, C]` and `[T, B, N, heads]`, heads over consecutive channels.
    let headChannels = query.count / mask.count
    let anySpike = stride(from: 0, to: query.count, by: headChannels).map {
      query[$0..<$0 + headChannels].max() ?? 0
    }
    #expect(mask == anySpike)
    #expect(mask.contains(0) && mask.contains(1))
  }

  @Test func `channel attention masks whole channels of K`() throws {
    let configuration = TinyModel.configuration(mixers: [.qkca, .ssa])
    let result = try run(try engine(configuration), try input(configuration, batch: 1))
    let current = try #require(result.currents["stage1/block0/attention/lif"])
    let query = try #require(result.spikes["stage1/block0/attention/q/lif"])
    let tokens = query.count / current.count
    let channels = configuration.qkformer.stages[0].channels
    for step in 0..<configuration.timeSteps {
      for channel in 0..<channels {
        let sum = (0..<tokens).reduce(0) {
          $0 + Int(query[(step * tokens + $1) * channels + channel])
        }
        #expect(current[step * channels + channel] == Float(sum))
      }
    }
  }

  @Test func `an all-zero input gives equal logits for every sample, from the biases alone`() throws
  {
    for configuration in Self.configurations {
      let shape = TinyModel.input(configuration, batch: 2).shape
      let zero = Tensor(shape, [Float](repeating: 0, count: shape.reduce(1, *)))
      let result = try run(
        try engine(configuration), InputBatch(zero, for: configuration.graph, name: "zero"))
      #expect(result.logits[0] == result.logits[1])
      // Nothing of the image reaches the first current: it is the same at every inner position.
      let neurons = try #require(NetworkPlan(configuration).neurons.first)
      let first = try #require(result.currents[neurons.path])
      let channels = try #require(configuration.graph.convolutions[0].convolution).outChannels
      #expect(Array(first[0..<channels]) == Array(first[first.count - channels..<first.count]))
    }
  }

  @Test(arguments: configurations)
  func `an input that is not square runs, and transposing it transposes the first layers`(
    _ configuration: Configuration
  ) throws {
    let engine = try engine(configuration)
    let wide = try run(engine, try input(configuration, batch: 1, height: 32, width: 40))
    let groups = engine.graph.resized(to: SpatialSize(height: 32, width: 40)).neurons
    for group in groups {
      #expect(wide.spikes[group.path]?.count == group.count * configuration.timeSteps)
    }
    #expect(wide.logits[0].allSatisfy { $0.isFinite })
  }

  @Test func `both readouts agree on what a linear classifier of means must give`() throws {
    var configuration = TinyModel.configuration()
    let mean = try run(try engine(configuration), try input(configuration, batch: 2)).logits
    configuration.qkformer.readout = .headThenMean
    let heads = try run(try engine(configuration), try input(configuration, batch: 2)).logits
    for (left, right) in zip(mean.flatMap { $0 }, heads.flatMap { $0 }) {
      #expect((left - right).magnitude < 1e-5)
    }
  }
}

/// Keeps everything that an observer sees.
private struct Collector: ForwardObserver {
  var spikes: [String: [UInt8]] = [:]
  var currents: [String: [Float]] = [:]

  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes map: inout SpikeCountMap)
  {
    spikes[group.path] = map.values
    currents[group.path] = current.values
  }
}
