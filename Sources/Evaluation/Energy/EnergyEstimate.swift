public import QKFormerModel

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
    /// Canonical path of the unit, the attention or the head.
    public let path: String
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

  /// Estimates from measured activity; `size` is the extent of the inputs.
  ///
  /// A convention that needs synapses needs a counter that counted them; another is a programming
  /// error.
  public init(
    _ convention: EnergyConvention, plan: NetworkPlan, size: SpatialSize,
    activity: ActivityCounter, costs: EnergyCosts = .horowitz
  ) {
    precondition(
      activity.synapses != nil || !convention.needsSynapses,
      "\(convention) needs a SynapseInventory")
    let counting = OperationCounting(
      convention: convention, plan: plan, size: size, activity: activity)
    layers = plan.operations(for: size).map {
      Layer(path: $0.path, operations: counting.operations($0))
    }
    operations = layers.reduce(OperationTally()) { $0 + $1.operations }
    self.convention = convention
    self.costs = costs
  }

  /// The operations by part of the network, as papers tabulate them: a stage's patch embedding,
  /// its attention and its MLPs, and the head.
  public var parts: [(name: String, operations: OperationTally)] {
    layers.reduce(into: []) { parts, layer in
      let name = Self.part(layer.path)
      if let index = parts.firstIndex(where: { $0.name == name }) {
        parts[index].operations = parts[index].operations + layer.operations
      } else {
        parts.append((name, layer.operations))
      }
    }
  }

  /// The part that a layer belongs to, as in `stage1 embedding`.
  public static func part(_ path: String) -> String {
    let pieces = path.split(separator: "/").map(String.init)
    guard pieces.count > 1 else { return path }
    if pieces[1] == "speds" { return pieces[0] + " embedding" }
    return pieces[0] + (pieces.contains("mlp") ? " MLP" : " attention")
  }
}
