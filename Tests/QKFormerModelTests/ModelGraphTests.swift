import QKFormerModel
import TestSupport
import Testing

/// Networks as operations that read each other.
@Suite struct ModelGraphTests {
  static let configurations: [QKFormerConfiguration] =
    [QKFormerConfiguration.Family.imagenet, .cifar, .dvs].flatMap { family in
      [
        TinyModel.configuration(family, mixers: [.qkta, .qkca, .ssa], blocks: 2),
        TinyModel.membrane(family, mixers: [.qkta, .ssa], blocks: 2, ratio: 1),
        TinyModel.membrane(family, mixers: [.qkca, .ssa]),
      ]
    }
  private static let odd = SpatialSize(height: 37, width: 21)

  @Test(arguments: configurations)
  func `each node reads what stands before it, in a shape of the same elements`(
    _ configuration: QKFormerConfiguration
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
    _ configuration: QKFormerConfiguration
  ) {
    #expect(configuration.graph.resized(to: Self.odd) == configuration.graph(for: Self.odd))
  }

  @Test(arguments: configurations)
  func `streams are counts that grow by two with each block, or membranes`(
    _ configuration: QKFormerConfiguration
  ) throws {
    let graph = configuration.graph
    for (index, stage) in configuration.stages.enumerated() {
      let last = "stage\(index + 1)/block\(stage.blocks - 1)/mlp/add"
      let signal = try #require(graph.node(at: last)).signal
      let isMembrane = configuration.residual == .membraneShortcut
      #expect(signal == (isMembrane ? .real : .counts(atMost: 2 + 2 * stage.blocks)))
    }
  }

  @Test(arguments: configurations)
  func
    `only what lies before the first neurons, or behind a mean over time, is the same at every step`(
      _ configuration: QKFormerConfiguration
    ) throws
  {
    let graph = configuration.graph
    let constant = graph.nodes.filter(\.isConstant).map(\.path)
    let isDirect = configuration.input.coding == .direct
    let first = try #require(graph.nodes.firstIndex { $0.path.hasSuffix("/lif") })
    #expect(
      constant == (isDirect ? graph.nodes[..<first].map(\.path) : [])
        + (configuration.readout == .meanThenHead ? ["head/mean", "head"] : []))
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
    _ configuration: QKFormerConfiguration, _ naming: Naming
  ) {
    let parameters = NetworkPlan(configuration, naming: naming).parameters
    let named = Dictionary(uniqueKeysWithValues: parameters.map { ($0.upstreamName, $0.shape) })
    let paths = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0.shape) })
    #expect(NamedShapes(named).shapes == paths)
  }

  @Test func `names that no code base uses say nothing`() {
    #expect(NamedShapes(["layer1.weight": [3]]).shapes.isEmpty)
  }
}
