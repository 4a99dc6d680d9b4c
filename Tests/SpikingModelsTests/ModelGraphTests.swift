import SpikingModels
import TestSupport
import Testing

/// Networks as operations that read each other.
@Suite struct ModelGraphTests {
  static let configurations: [ModelConfiguration] =
    [QKFormer.Family.imagenet, .cifar, .dvs].flatMap { family in
      [
        TinyModel.configuration(family, mixers: [.qkta, .qkca, .ssa], blocks: 2),
        TinyModel.membrane(family, mixers: [.qkta, .ssa], blocks: 2, ratio: 1),
        TinyModel.membrane(family, mixers: [.qkca, .ssa]),
      ]
    }
  private static let odd = SpatialSize(height: 37, width: 21)

  @Test(arguments: configurations)
  func `each node reads what stands before it, in a shape of the same elements`(
    _ configuration: ModelConfiguration
  ) throws {
    let graph = configuration.graph(for: Self.odd)
    var read: Set<Int> = []
    for (index, node) in graph.nodes.enumerated().dropFirst() {
      #expect(node.inputs.allSatisfy { (0..<index).contains($0) }, "\(node.path)")
      #expect(graph.nodes[node.inputs[0]].shape.count == node.inputShape.count, "\(node.path)")
      read.formUnion(node.inputs)
    }
    #expect(Set(graph.nodes.map(\.path)).count == graph.nodes.count)
    #expect(read == Set(0..<graph.nodes.count - 1), "nothing is computed in vain")
  }

  @Test(arguments: configurations)
  func `a network for another extent is the same as one made for it`(
    _ configuration: ModelConfiguration
  ) {
    #expect(configuration.graph.resized(to: Self.odd) == configuration.graph(for: Self.odd))
  }

  @Test(arguments: configurations)
  func `streams are counts that grow by two with each block, or membranes`(
    _ configuration: ModelConfiguration
  ) throws {
    let graph = configuration.graph
    for (index, stage) in configuration.qkformer.stages.enumerated() {
      let last = "stage\(index + 1)/block\(stage.blocks - 1)/mlp/add"
      let signal = try #require(graph.node(at: last)).signal
      let isMembrane = configuration.qkformer.residual == .membraneShortcut
      #expect(signal == (isMembrane ? .real : .counts(atMost: 2 + 2 * stage.blocks)))
    }
  }

  @Test(arguments: configurations)
  func
    `only what lies before the first neurons, or behind a mean over time, is the same at every step`(
      _ configuration: ModelConfiguration
    ) throws
  {
    let graph = configuration.graph
    let constant = graph.nodes.filter(\.isConstant).map(\.path)
    let isDirect = configuration.input.coding == .direct
    let first = try #require(graph.nodes.firstIndex { $0.path.hasSuffix("/lif") })
    #expect(
      constant == (isDirect ? graph.nodes[..<first].map(\.path) : [])
        + (configuration.qkformer.readout == .meanThenHead ? ["head/mean", "head"] : []))
  }

  @Test func `planes hold every count`() {
    #expect([1, 2, 3, 4, 255].map { Signal.counts(atMost: $0).planes } == [1, 2, 2, 3, 8])
    #expect(Signal.spikes.planes == 1 && Signal.real.planes == 0)
  }
}

/// Names without a configuration.
@Suite struct NamedShapesTests {
  @Test(arguments: ModelGraphTests.configurations, Naming.allCases)
  func `names of a code base say every path`(
    _ configuration: ModelConfiguration, _ naming: Naming
  ) throws {
    guard let plan = NetworkPlan(configuration, naming: naming) else {
      #expect(naming == .spikingjelly && configuration.qkformer.names(naming) == nil)
      return
    }
    let named = Dictionary(uniqueKeysWithValues: plan.namedTensors.map { ($0.name, $0.shape) })
    let paths = Dictionary(uniqueKeysWithValues: plan.parameters.map { ($0.path, $0.shape) })
    #expect(NamedShapes(named).shapes == paths)
  }

  @Test func `names that no code base uses say nothing`() {
    let reading = NamedShapes(["layer1.weight": [3]])
    #expect(reading.shapes.isEmpty && !reading.isComplete)
  }

  @Test func `a module of several parts is split along its first axis`() throws {
    let reading = NamedShapes(
      [
        "attn.qkv.0.weight": [24, 8, 1], "attn.qkv.1.bias": [24],
        "attn.qkv.1.num_batches_tracked": [], "mlp.weight": [16, 8], "mlp.bias": [16],
      ], families: FamilyTable([JoinedFamily.self]))
    #expect(reading.isComplete)
    #expect(
      reading.pieces["attn.qkv.0.weight"]
        == "qkv".map { .init(path: "attention/\($0)/conv/weight", shape: [8, 8, 1]) })
    #expect(
      reading.pieces["attn.qkv.1.num_batches_tracked"]
        == "qkv".map { .init(path: "attention/\($0)/bn/num_batches_tracked", shape: []) })
    // Axes of length one come back; a vector has none to add.
    #expect(reading.pieces["mlp.weight"] == [.init(path: "mlp/conv/weight", shape: [16, 8, 1, 1])])
    #expect(reading.pieces["mlp.bias"] == [.init(path: "mlp/conv/bias", shape: [16])])
  }

  @Test func `rows that are no multiple of the parts are no module of several parts`() {
    let reading = NamedShapes(
      ["attn.qkv.0.weight": [25, 8, 1]], families: FamilyTable([JoinedFamily.self]))
    #expect(reading.pieces.isEmpty)
  }

  @Test func `parts join in their order, and come apart as they were`() throws {
    let plan = NetworkPlan(JoinedFamily.configuration)
    let weight = try #require(plan.namedTensors.first { $0.name == "attn.qkv.0.weight" })
    #expect(weight.shape == [24, 8, 1])
    #expect(weight.parts.map(\.path) == "qkv".map { "attention/\($0)/conv/weight" })
    let mlp = try #require(plan.namedTensors.first { $0.name == "mlp.weight" })
    #expect(mlp.shape == [16, 8] && mlp.parts[0].shape == [16, 8, 1, 1])
    #expect(mlp.accepts([16, 8, 1]) && !mlp.accepts([16, 8, 2]) && !mlp.accepts([8, 16]))
    let named = Dictionary(
      uniqueKeysWithValues: plan.namedTensors.map { ($0.name, $0.shape) })
    let reading = NamedShapes(named, families: FamilyTable([JoinedFamily.self]))
    #expect(
      reading.shapes
        == Dictionary(uniqueKeysWithValues: plan.parameters.map { ($0.path, $0.shape) }))
  }
}
