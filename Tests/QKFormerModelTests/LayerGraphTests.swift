import QKFormerModel
import TestSupport
import Testing

/// The plan as operations that read each other.
@Suite struct LayerGraphTests {
  static let configurations: [QKFormerConfiguration] =
    [QKFormerConfiguration.Family.imagenet, .cifar, .dvs].flatMap { family in
      [
        TinyModel.configuration(family, mixers: [.qkta, .qkca, .ssa], blocks: 2),
        TinyModel.membrane(family, mixers: [.qkta, .ssa], blocks: 2, ratio: 1),
        TinyModel.membrane(family, mixers: [.qkca, .ssa]),
      ]
    }

  @Test(arguments: configurations)
  func `it has every unit and every neuron group once, in order`(
    _ configuration: QKFormerConfiguration
  ) {
    let plan = NetworkPlan(configuration)
    let size = SpatialSize(height: 37, width: 21)
    let nodes = plan.graph(for: size)
    let groups = nodes.compactMap { node -> NeuronGroup? in
      if case .neurons(let group) = node.operation { group } else { nil }
    }
    #expect(groups == plan.neurons(for: size))
    let units = nodes.compactMap { node -> String? in
      if case .convolution(let unit) = node.operation { unit.path } else { nil }
    }
    #expect(units == plan.units.map(\.path))
    #expect(Set(nodes.map(\.path)).count == nodes.count)
  }

  @Test(arguments: configurations)
  func `each reads what stands before it, in a shape of the same elements`(
    _ configuration: QKFormerConfiguration
  ) throws {
    let plan = NetworkPlan(configuration)
    var counts: [String: Int] = [:]
    var read: Set<String> = []
    let nodes = plan.graph(for: SpatialSize(height: 37, width: 21))
    for node in nodes {
      if let first = node.reads.first {
        #expect(try #require(counts[first]) == node.inputShape.reduce(1, *), "\(node.path)")
      }
      #expect(node.reads.allSatisfy { counts[$0] != nil }, "\(node.path)")
      read.formUnion(node.reads)
      counts[node.path] = node.shape.reduce(1, *)
    }
    #expect(Set(nodes.map(\.path)).subtracting(read) == ["head"], "nothing is computed in vain")
  }
}
