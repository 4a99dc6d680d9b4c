import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles

extension ExportCommand {
  /// Writes the folder of layers, measured on the input if there is one.
  func writeLayers(_ checkpoint: Checkpoint, to output: String) throws {
    let setting = try ScopeSetting(
      checkpoint.configuration, scope: scope, batch: batch?.count)
    var configuration = checkpoint.configuration
    configuration.scope = setting.scope
    var size = configuration.nominalSize
    var measurement: LayersExport.Measurement?
    if let input {
      let engine = try running.prepare(checkpoint, as: configuration)
      let samples = try InputBatch(
        try TensorSource.read(input), for: engine.graph, name: input)
      let progress = Progress("export", total: samples.batch)
      let units = try engine.run(
        samples, batchSize: setting.batchSize, observer: { _ in LayerActivity() },
        progress: progress.advance)
      let activity = LayerActivity.total(units.map(\.observer))
      size = samples.size
      measurement = .init(input: input, setting: setting.words, activity: activity)
    }
    let summary = try LayersExport.write(
      checkpoint, as: configuration, size: size, foldsNorm: foldBn, measurement, to: output,
      isReplacing: rule.force)
    format.print(
      try report(checkpoint, setting, summary, samples: measurement?.activity.samples, output))
  }

  private func report(
    _ checkpoint: Checkpoint, _ setting: ScopeSetting, _ summary: LayersExport.Summary,
    samples: Int?, _ output: String
  ) throws -> Report {
    let identity = try checkpoint.identity()
    var table = TextTable()
    table.add("scope", setting.words)
    table.add("model", checkpoint.configuration.summary)
    table.add("layers.csv", "\(summary.rows) operations")
    table.add("batch norm", foldBn ? "beside the weights, and folded" : "beside the weights")
    table.add("measured", samples.map { "on \($0) samples" } ?? "nothing: no --input")
    table.add("files", "\(summary.files), \(summary.bytes.grouped) bytes")
    table.add("model-id", identity.modelID.hex)
    return Report(
      "export",
      [
        "model": .string(model.model), "output": .string(output), "to": .string(to.rawValue),
        "scope": .string(setting.scope.rawValue),
        "batch_size": setting.batchSize.map { .integer($0) } ?? .null,
        "layers": .integer(summary.rows), "files": .integer(summary.files),
        "bytes": .integer(summary.bytes), "fold_bn": .bool(foldBn),
        "input": input.map { .string($0) } ?? .null,
        "samples": samples.map { .integer($0) } ?? .null,
        "weights_id": .string(identity.weightsID.hex), "model_id": .string(identity.modelID.hex),
      ], text: "\(model.model) -> \(output)\n\(table.text)")
  }
}
