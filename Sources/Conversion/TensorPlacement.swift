public import CheckpointFormat
public import Diagnostics
public import SpikeTensors
public import SpikingModels

/// How the tensors of a file find their places in a model.
public enum TensorMatching: String, Sendable, CaseIterable {
  /// By the names of a known code base.
  case name
  /// By position, for files whose names nobody knows any more.
  case order
}

/// The tensors of a file at their places in a model, and what is wrong with that.
public struct TensorPlacement: Sendable {
  /// One tensor: what the file calls it, and its place.
  public struct Pair: Sendable {
    /// The part of the file's tensor.
    let part: ImportedTensors.Part
    /// The name in the file.
    public var found: String { part.name }
    /// The place.
    public let specification: ParameterSpecification
  }

  /// By canonical path; complete if there are no findings.
  public private(set) var tensors: [String: Tensor] = [:]
  /// In the order of the inventory.
  public private(set) var pairs: [Pair] = []
  /// Every difference; none if the file fits.
  public private(set) var findings: [CheckpointFailure] = []
  /// Whose names the file has; `nil` if it was matched by order.
  public private(set) var naming: Naming?

  private mutating func take(
    _ found: String, _ tensor: Tensor, part: Int = 0, _ place: ParameterSpecification
  ) {
    tensors[place.path] = tensor
    pairs.append(Pair(part: .init(name: found, index: part), specification: place))
  }
}

extension TensorPlacement {
  /// Whether so many tensors could be those of a configuration; some code bases store a threshold for
  /// each group of neurons, too.
  static func couldFit(_ count: Int, _ configuration: ModelConfiguration) -> Bool {
    let graph = configuration.graph
    let tensors = graph.nodes.reduce(0) { $0 + $1.parameters.count }
    return (0...graph.neurons.count).contains(count - tensors)
  }
}

// MARK: By name

extension TensorPlacement {
  /// Places tensors by the naming that has most of their names.
  static func byName(
    _ named: [(name: String, tensor: Tensor)], _ configuration: ModelConfiguration,
    at place: String
  ) -> TensorPlacement {
    let tensors = Dictionary(uniqueKeysWithValues: named.map { ($0.name, $0.tensor) })
    let plans = Naming.allCases.compactMap { naming in
      NetworkPlan(configuration, naming: naming).map { (naming, $0) }
    }
    let placements = plans.map { byName(tensors, $1, $0, at: place) }
    return placements.reduce(placements[0]) { best, next in
      next.findings.count < best.findings.count ? next : best
    }
  }

  private static func byName(
    _ tensors: [String: Tensor], _ plan: NetworkPlan, _ naming: Naming, at place: String
  ) -> TensorPlacement {
    var placement = TensorPlacement()
    placement.naming = naming
    var rest = tensors
    if naming == .step {
      placement.findings = removeThresholds(&rest, plan.storedThresholds, at: place)
    }
    let wanted = plan.namedTensors
    for named in wanted where rest[named.name].map({ named.accepts($0.shape) }) ?? false {
      rest[named.name] = rest[named.name]?.reshaped(named.shape)
    }
    placement.findings += ParameterCheck.findings(
      wanted.map(\.expected), found: rest.mapValues { ($0.elementType, $0.shape) }, place: place)
    for named in wanted {
      guard let tensor = rest[named.name], tensor.shape == named.shape else { continue }
      let parts = zip(tensor.parts(named.parts.count), named.parts)
      for (index, (part, specification)) in parts.enumerated() {
        placement.take(
          named.name, part.reshaped(specification.shape), part: index, specification)
      }
    }
    return placement
  }

  /// Thresholds that are stored must be those of the configuration.
  private static func removeThresholds(
    _ tensors: inout [String: Tensor], _ thresholds: [String: Float], at place: String
  ) -> [CheckpointFailure] {
    thresholds.sorted { $0.key < $1.key }.compactMap { name, threshold in
      guard let tensor = tensors.removeValue(forKey: name) else { return nil }
      let values = try? tensor.floats(name: name)
      guard tensor.shape.isEmpty, values == [threshold] else {
        return CheckpointFailure(
          .structure, at: "\(place) \(name)", expected: "f32 [], \(threshold)",
          found: "\(tensor.elementType) \(tensor.shape)"
            + (values?.first.map { ", \($0)" } ?? ""))
      }
      return nil
    }
  }
}

// MARK: By order

extension TensorPlacement {
  /// Places tensors by position.
  ///
  /// Position by position type, shape and kind must be equal, and a module must end in the file
  /// where one ends in the model. This can still be wrong: most tensors share type and shape with
  /// another, so only behaviour or a known weights-id confirms the result.
  static func byOrder(
    _ named: [(name: String, tensor: Tensor)], _ configuration: ModelConfiguration,
    at place: String
  ) -> TensorPlacement {
    let specifications = NetworkPlan(configuration).registeredParameters
    var placement = TensorPlacement()
    guard named.count == specifications.count else {
      placement.findings = [
        CheckpointFailure(
          .structure, at: place, expected: "\(specifications.count) tensors",
          found: "\(named.count)")
      ]
      return placement
    }
    for (index, (found, specification)) in zip(named, specifications).enumerated() {
      let isFirst = index == 0
      let expected = Position(
        specification.upstreamName, after: isFirst ? nil : specifications[index - 1].upstreamName)
      let position = Position(found.name, after: isFirst ? nil : named[index - 1].name)
      let fits =
        found.tensor.shape == specification.shape
        && specification.elementTypes.contains(found.tensor.elementType)
      if !fits || position != expected {
        placement.findings.append(
          CheckpointFailure(
            .structure, at: "\(place) tensor \(index), \(found.name)",
            expected: "\(expected) \(specification.shape) for \(specification.path)",
            found: "\(position) \(found.tensor.elementType) \(found.tensor.shape)"))
      }
      placement.take(found.name, found.tensor, specification)
    }
    return placement
  }

  /// What a name says beside the module's own: the kind of tensor, and whether a module begins.
  private struct Position: Equatable, CustomStringConvertible {
    let kind: Substring
    let beginsModule: Bool

    init(_ name: String, after previous: String?) {
      kind = name.split(separator: ".").last ?? ""
      beginsModule = previous.map { Self.module($0) != Self.module(name) } ?? true
    }

    private static func module(_ name: String) -> Substring {
      name.lastIndex(of: ".").map { name[..<$0] } ?? ""
    }

    var description: String {
      "\(kind) " + (beginsModule ? "of a new module" : "of the same module")
    }
  }
}
