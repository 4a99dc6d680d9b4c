import Diagnostics
import Digests
import FileAccess
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles
import TestSupport
import Testing
import Tracing

/// The tensors inside a forward pass, in a file.
@Suite struct TraceTests {
  typealias Configuration = ModelConfiguration

  static let configurations: [Configuration] = [
    TinyModel.configuration(.imagenet, mixers: [.qkta, .ssa]),
    TinyModel.configuration(.cifar, mixers: [.qkca, .ssa], scope: .batch),
    TinyModel.configuration(.dvs, mixers: [.qkta, .qkca], size: 8),
    TinyModel.membrane(.cifar, mixers: [.qkta, .ssa], ratio: 1),
    TinyModel.membrane(.dvs, mixers: [.qkca, .ssa], readout: .headThenMean, size: 8),
  ]

  private func engine(_ configuration: Configuration, _ kind: ForwardEngine) throws
    -> any ForwardPass
  {
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    return try kind.prepare(plan.graph, weights, threads: 2)
  }

  private func input(_ configuration: Configuration, batch: Int = 3) throws -> InputBatch {
    try InputBatch(
      TinyModel.input(configuration, batch: batch), for: configuration.graph, name: "random")
  }

  private func selection(
    _ configuration: Configuration, _ patterns: String...
  ) throws -> TraceSelection {
    let plan = NetworkPlan(configuration)
    return try TraceSelection(plan.graph, patterns, place: "--layers")
  }

  private func write(
    _ engine: any ForwardPass, _ input: InputBatch, _ tensors: [TracedTensor], to path: String
  ) throws -> [Trace.Written] {
    try Trace(engine, input, tensors, modelID: SHA256.digest(of: "model")).write(to: path)
  }

  @Test(arguments: configurations, Trace.suffixes)
  func `both engines write the same bytes`(_ configuration: Configuration, _ suffix: String) throws
  {
    let folder = try ScratchFolder()
    let input = try input(configuration)
    let tensors = try selection(configuration, "*").tensors(TraceKind.allCases, packs: false)
    var files: [[UInt8]] = []
    for (index, kind) in [ForwardEngine.reference, .fast, .fast].enumerated() {
      let path = folder.file("\(index)\(suffix)")
      let written = try write(engine(configuration, kind), input, tensors, to: path)
      #expect(written.count == tensors.count)
      files.append(try TestFiles.bytes(path))
    }
    #expect(files[0] == files[1] && files[1] == files[2])
    #expect(try folder.names().count == 3)
  }

  /// What an observer of the whole batch sees, in published order, is what the file holds.
  @Test(arguments: configurations)
  func `the file holds what an observer sees`(_ configuration: Configuration) throws {
    let folder = try ScratchFolder()
    let input = try input(configuration)
    let engine = try engine(configuration, .reference)
    let tensors = try selection(configuration, "*").tensors(TraceKind.allCases, packs: false)
    let path = folder.file("all.npz")
    let written = try write(engine, input, tensors, to: path)
    var collector = Collector()
    _ = try engine.logits(of: input, observer: &collector)
    #expect(collector.values.count == written.count)
    for item in written {
      let tensor = try TensorSource.read(item.planned.name, in: path)
      #expect(tensor.shape == item.planned.shape && tensor.elementType == item.planned.elementType)
      #expect(SHA256.digest(of: tensor.bytes) == item.digest)
      let bits = try tensor.floats(name: "tensor").map(\.bitPattern)
      #expect(bits == collector.values[item.planned.name], "\(item.planned.name)")
    }
  }

  @Test func `packed spikes are the spikes`() throws {
    let folder = try ScratchFolder()
    let configuration = Self.configurations[0]
    let input = try input(configuration)
    let engine = try engine(configuration, .fast)
    let selection = try selection(configuration, "stage1/block0/attention")
    _ = try write(
      engine, input, selection.tensors([.spikes], packs: false), to: folder.file("a.npz"))
    let packed = try write(
      engine, input, selection.tensors([.spikes], packs: true), to: folder.file("b.npz"))
    for item in packed {
      let spikes = try TensorSource.read(item.planned.name, in: folder.file("a.npz"))
      let bytes = try TensorSource.read(item.planned.name, in: folder.file("b.npz")).bytes.copy()
      let train = try #require(
        SpikeTrain(
          timeSteps: configuration.timeSteps, batch: 3,
          neurons: item.tensor.layer.shape.reduce(1, *), bytes: bytes))
      let values = spikes.bytes.copy()
      for (index, value) in values.enumerated() {
        let (frame, neuron) = (index / train.neurons, index % train.neurons)
        #expect(train[frame / 3, frame % 3, neuron] == (value == 1))
      }
    }
  }

  @Test func `patterns select by path and by folder`() throws {
    let configuration = Self.configurations[0]
    func paths(_ patterns: String...) throws -> [String] {
      let plan = NetworkPlan(configuration)
      return try TraceSelection(plan.graph, patterns, place: "--layers")
        .layers.map(\.path)
    }
    #expect(
      try paths("*/mlp/*")
        == [1, 2].flatMap { stage in
          ["expansion", "contraction"].flatMap { unit in
            ["", "/lif"].map { "stage\(stage)/block0/mlp/\(unit)\($0)" }
          }
        })
    #expect(
      try paths("stage1/block0/attention/q")
        == ["", "/lif"].map { "stage1/block0/attention/q\($0)" })
    #expect(try paths("stage2/*/l?f", "stage2").allSatisfy { $0.hasPrefix("stage2/") })
    #expect(try paths("*").first == "stage1/speds/unit0/lif", "the input is not the trace's")
  }

  @Test func `a pattern that matches nothing is told what is near`() throws {
    let failure = #expect(throws: TraceFailure.self) {
      try selection(Self.configurations[0], "stage1/block0/atention/q")
    }
    #expect(failure?.code == .noLayer && failure?.exitCode == 66)
    #expect(failure?.expected.contains("near ones are stage1/block0/attention/q, ") == true)
    let nothing = #expect(throws: TraceFailure.self) {
      try selection(Self.configurations[0], "stage1/speds/unit0").tensors([.input], packs: false)
    }
    #expect(nothing?.code == .nothing && nothing?.exitCode == 64)
  }

  @Test func `an archive of 4 GiB is refused before the model runs, and leaves nothing`() throws {
    let folder = try ScratchFolder()
    let configuration = Self.configurations[0]
    let input = try input(configuration, batch: 1)
    let layer = TraceLayer(path: "x", hasNeurons: true, shape: [1 << 16, 1 << 16])
    let tensor = TracedTensor(kind: .spikes, layer: layer, isPacked: false)
    let failure = #expect(throws: TensorFileFailure.self) {
      try write(engine(configuration, .fast), input, [tensor], to: folder.file("x.npz"))
    }
    #expect(failure?.code == .zipSize)
    #expect(try folder.names().isEmpty)
  }
}

/// Every traceable tensor of one unit, as bit patterns of float32 in published order.
private struct Collector: ForwardObserver {
  var values: [String: [UInt32]] = [:]

  mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) {
    let neuron = LIFNeuron(group.neurons.constants)
    values["spikes/\(group.path)"] = published(spikes) { Float($0).bitPattern }
    values["current/\(group.path)"] = published(current, \.bitPattern)
    // Step by step, with the reset that the spikes show.
    let isBatch = group.neurons.scope == .batch
    let lives = isBatch ? current.frameCount : current.frameCount * current.batch
    var potential = [Float](repeating: neuron.initialPotential, count: lives)
    var (charged, membrane) = (current, current)
    for index in current.values.indices {
      let life = index % lives
      charged.values[index] = neuron.charge(potential[life], current.values[index])
      potential[life] = neuron.reset(charged.values[index], spike: spikes.values[index] == 1)
      membrane.values[index] = potential[life]
    }
    values["charged/\(group.path)"] = published(charged, \.bitPattern)
    values["membrane/\(group.path)"] = published(membrane, \.bitPattern)
  }

  mutating func convolution(_ node: Node, input: SpikeCountMap) {
    values["input/\(node.path)"] = published(input) { Float($0).bitPattern }
  }

  private func published<Element>(
    _ map: ActivationMap<Element>, _ bits: (Element) -> UInt32
  ) -> [UInt32] {
    (0..<map.timeSteps * map.batch).flatMap { frame in
      (0..<map.channels).flatMap { channel in
        (0..<map.size.count).map { token in
          bits(map.values[(frame * map.size.count + token) * map.channels + channel])
        }
      }
    }
  }
}
