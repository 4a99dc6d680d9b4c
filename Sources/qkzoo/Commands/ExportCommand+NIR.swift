import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import SpikingModels

extension ExportCommand {
  /// Writes one part; without --part it is the whole model, whose refusal names the first obstacle.
  func writeNIR(_ checkpoint: Checkpoint, to output: String) throws {
    let wanted = part ?? "model"
    guard let part = checkpoint.graph.nirParts.first(where: { $0.path == wanted }) else {
      throw ValidationError("this model has no part \(wanted); --list-parts names them")
    }
    let setting = announceScope(checkpoint, output)
    let summary = try NIRExport.write(checkpoint, part, to: output)
    let identity = try checkpoint.identity()
    var table = TextTable()
    table.add("model", checkpoint.configuration.summary)
    table.add("computes", setting.words)
    table.add("part", part.path)
    table.add(
      "graph",
      "\(summary.nodes) nodes, \(summary.edges) edges, \(summary.neurons.grouped) neurons")
    table.add(
      "time",
      "\(checkpoint.configuration.timeSteps) steps of \(NIRExport.timeStep) s, forward Euler")
    table.add("bytes", summary.bytes.grouped)
    table.add("model-id", identity.modelID.hex)
    format.print(
      Report(
        "export",
        [
          "model": .string(model.model), "output": .string(output), "to": .string(to.rawValue),
          "part": .string(part.path), "scope": "sample", "nodes": .integer(summary.nodes),
          "edges": .integer(summary.edges), "neurons": .integer(summary.neurons),
          "time_step": .number(NIRExport.timeStep), "bytes": .integer(summary.bytes),
          "weights_id": .string(identity.weightsID.hex),
          "model_id": .string(identity.modelID.hex),
        ], text: "\(model.model) \(part.path) -> \(output)\n\(table.text)"))
  }

  /// A graph is of one sample, whatever the model does in a batch; where that is another scope than
  /// the model's own, it is said before anything is written.
  func announceScope(_ checkpoint: Checkpoint, _ output: String) -> ScopeSetting {
    let setting = ScopeSetting(alone: checkpoint.configuration)
    if checkpoint.configuration.scope == .batch {
      StandardError.print("qkzoo: \(output): computes under \(setting.words)")
    }
    return setting
  }

  /// Every part, and what stands in the way of those that NIR cannot express.
  func printParts(_ checkpoint: Checkpoint) {
    let parts = checkpoint.graph.nirParts
    var table = TextTable()
    table.add("PART", "NIR", "WHY NOT")
    for part in parts {
      table.add(
        part.path, part.obstacle == nil ? "yes" : "no",
        part.obstacle.map { "\($0.node): \($0.reason)" } ?? "")
    }
    format.print(
      Report(
        "export",
        [
          "model": .string(model.model), "to": .string(to.rawValue),
          "parts": .array(
            parts.map { part in
              [
                "path": .string(part.path), "expressible": .bool(part.obstacle == nil),
                "obstacle": part.obstacle.map {
                  ["node": .string($0.node), "reason": .string($0.reason)]
                } ?? .null,
              ]
            }),
        ], text: table.text))
  }
}
