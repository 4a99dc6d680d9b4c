/// One group of spiking neurons: all that share a place in the network.
public struct NeuronGroup: Sendable, Equatable {
  /// Canonical path, as in `stage1/block0/attention/q/lif`.
  public let path: String
  /// What they are.
  public let neurons: Neurons
  /// The axes of one sample at one step: `[C, H, W]`, `[C, N]`, `[heads, N]` or `[C]`.
  public let shape: [Int]

  /// Their role.
  public var role: Neurons.Role { neurons.role }
  /// Neurons of one sample.
  public var count: Int { shape.reduce(1, *) }

  /// The neurons of a node.
  public init(_ node: Node, _ neurons: Neurons) {
    path = node.path
    self.neurons = neurons
    shape = node.shape.axes
  }
}

/// The neurons of one module of a code base: a group, or several side by side along the channels, as
/// where one module fires for Q, K and V.
public struct NamedNeurons: Sendable {
  /// The name of the module.
  public let name: String
  /// The groups, in their order along the channels; never empty.
  public fileprivate(set) var groups: [NeuronGroup]
  /// Whether the module's spikes have the channels as the last axis.
  public let isChannelsLast: Bool

  /// Neurons of one sample, all groups together.
  public var count: Int { groups.reduce(0) { $0 + $1.count } }
  /// Channels, all groups together.
  public var channels: Int { groups.reduce(0) { $0 + $1.shape[0] } }
}

extension ModelGraph {
  /// Every neuron group in the order in which they fire.
  public var neurons: [NeuronGroup] {
    nodes.compactMap { node in
      if case .neurons(let neurons) = node.operation { NeuronGroup(node, neurons) } else { nil }
    }
  }
}

extension NetworkPlan {
  /// Every neuron group in the order in which they fire, for an input of some extent.
  public func neurons(for input: SpatialSize) -> [NeuronGroup] { graph(for: input).neurons }

  /// Every neuron group for the nominal input.
  public var neurons: [NeuronGroup] { graph.neurons }

  /// The name of the module of a group, as in `stage1.0.tssa.q_lif`.
  public func upstreamName(of group: NeuronGroup) -> String { names.required(group.path).name }

  /// The neurons as the code base has them, for an input of some extent, in the order in which they
  /// fire.
  public func namedNeurons(for input: SpatialSize) -> [NamedNeurons] {
    var modules: [NamedNeurons] = []
    for group in neurons(for: input) {
      let named = names.required(group.path)
      if let index = modules.firstIndex(where: { $0.name == named.name }) {
        modules[index].groups.append(group)
      } else {
        modules.append(
          NamedNeurons(
            name: named.name, groups: [group], isChannelsLast: named.rule.isChannelsLast))
      }
    }
    return modules
  }

  /// The thresholds that a code base stores as tensors of rank 0, by their names.
  public var storedThresholds: [String: Float] {
    guard let suffix = names.thresholdSuffix else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: neurons.map {
        (upstreamName(of: $0) + suffix, $0.neurons.constants.threshold)
      })
  }
}
