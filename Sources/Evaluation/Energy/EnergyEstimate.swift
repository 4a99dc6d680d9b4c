public import SpikingModels

/// Operations of one sample.
public struct OperationTally: Sendable, Equatable {
  /// Accumulates.
  public var accumulates: Double
  /// Multiply-accumulates.
  public var multiplyAccumulates: Double

  /// Names a number of operations.
  public init(accumulates: Double = 0, multiplyAccumulates: Double = 0) {
    self.accumulates = accumulates
    self.multiplyAccumulates = multiplyAccumulates
  }

  static func + (left: OperationTally, right: OperationTally) -> OperationTally {
    OperationTally(
      accumulates: left.accumulates + right.accumulates,
      multiplyAccumulates: left.multiplyAccumulates + right.multiplyAccumulates)
  }

  /// Their energy, in millijoules.
  public func millijoules(_ costs: EnergyCosts = .horowitz) -> Double {
    (accumulates * costs.accumulate + multiplyAccumulates * costs.multiplyAccumulate) * 1e-9
  }
}

/// Operations and energy of one inference, the mean over the samples seen, under one convention.
public struct EnergyEstimate: Sendable, Equatable {
  /// The operations of one layer.
  public struct Layer: Sendable, Equatable {
    /// Canonical path of the convolution, the attention or the head.
    public let path: String
    /// The part of the network, as in `stage1 embedding`.
    public let part: String
    /// The operations of one sample.
    public let operations: OperationTally
  }

  /// The convention.
  public let convention: EnergyConvention
  /// What an operation costs.
  public let costs: EnergyCosts
  /// By layer, in the order of the forward pass.
  public let layers: [Layer]
  /// The operations of one sample.
  public let operations: OperationTally

  /// Accumulates for each sample.
  public var accumulates: Double { operations.accumulates }
  /// Multiply-accumulates for each sample.
  public var multiplyAccumulates: Double { operations.multiplyAccumulates }
  /// Energy for each sample, in millijoules.
  public var millijoules: Double { operations.millijoules(costs) }

  /// Estimates from measured activity; the graph is for the extent of the inputs.
  ///
  /// A convention that needs synapses needs a counter that counted them; another is a programming
  /// error.
  public init(
    _ convention: EnergyConvention, graph: ModelGraph, activity: ActivityCounter,
    costs: EnergyCosts = .horowitz
  ) {
    precondition(
      activity.synapses != nil || !convention.needsSynapses,
      "\(convention) needs a SynapseInventory")
    let counting = OperationCounting(
      convention: convention, graph: graph, activity: activity)
    layers = graph.operations.map {
      Layer(path: $0.path, part: $0.part, operations: counting.operations($0))
    }
    operations = layers.reduce(OperationTally()) { $0 + $1.operations }
    self.convention = convention
    self.costs = costs
  }

  /// The operations by part of the network, as papers tabulate them: a stage's patch embedding,
  /// its attention and its MLPs, and the head.
  public var parts: [(name: String, operations: OperationTally)] {
    layers.reduce(into: []) { parts, layer in
      if let index = parts.firstIndex(where: { $0.name == layer.part }) {
        parts[index].operations = parts[index].operations + layer.operations
      } else {
        parts.append((layer.part, layer.operations))
      }
    }
  }
}
