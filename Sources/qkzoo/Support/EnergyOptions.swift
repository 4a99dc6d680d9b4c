public import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
public import Evaluation
import FileAccess
import SpikingModels

/// How operations are counted and charged.
struct EnergyOptions: ParsableArguments {
  @Option(
    name: .customLong("convention"),
    help: "How to count operations; may be given again (default: every convention).")
  var chosen: [EnergyConvention] = []

  @Option(
    help: ArgumentHelp(
      "What an operation costs, instead of 0.9 and 4.6 pJ, as JSON.", valueName: "file"))
  var cost: String?

  /// The conventions that were asked for, in the order of the documentation.
  var conventions: [EnergyConvention] {
    EnergyConvention.allCases.filter { chosen.isEmpty || chosen.contains($0) }
  }

  /// The costs that were asked for.
  func costs() throws -> EnergyCosts {
    guard let cost else { return .horowitz }
    let json = try JSON(parsing: Files.read(cost, limit: 1 << 16), at: cost)
    return try EnergyCosts(json: json, at: cost)
  }

  /// The synapses, if a convention needs them.
  func synapses(_ graph: ModelGraph, _ checkpoint: Checkpoint) throws -> SynapseInventory? {
    guard conventions.contains(where: \.needsSynapses) else { return nil }
    return try SynapseInventory(graph, parameters: checkpoint.parameters)
  }

  /// One line for each estimate.
  static func table(_ estimates: [EnergyEstimate], _ costs: EnergyCosts) -> PrintedText {
    var table = TextTable()
    table.add(
      "CONVENTION", "ACs", "MACs",
      "ENERGY (mJ a sample, \(costs.name): \(costs.accumulate) and \(costs.multiplyAccumulate) pJ)")
    for estimate in estimates {
      table.add(
        estimate.convention.rawValue, DecimalText.grouped(estimate.accumulates),
        DecimalText.grouped(estimate.multiplyAccumulates), estimate.millijoules.formatted(6))
    }
    return table.text
  }

  static func json(_ estimate: EnergyEstimate) -> JSON {
    var members = json(estimate.operations, estimate.costs)
    members["convention"] = .string(estimate.convention.rawValue)
    members["source"] = .string(estimate.convention.source)
    members["parts"] = .array(
      estimate.parts.map { part in
        var members = json(part.operations, estimate.costs)
        members["part"] = .string(part.name)
        return .object(members)
      })
    return .object(members)
  }

  private static func json(
    _ operations: OperationTally, _ costs: EnergyCosts
  ) -> [String: JSON] {
    [
      "accumulates": .number(operations.accumulates),
      "multiply_accumulates": .number(operations.multiplyAccumulates),
      "millijoules": .number(operations.millijoules(costs)),
    ]
  }
}

extension EnergyConvention: ExpressibleByArgument {}
