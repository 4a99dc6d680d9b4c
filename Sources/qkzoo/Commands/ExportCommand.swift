import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Digests
import QKFormerModel

/// A model for other software to run.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model for other software to run.",
    discussion: """
      onnx: one file, operator set \(ONNXExport.operatorSet), a graph without loops: input \
      [B,C,H,W], or [B,T,C,H,W] for event frames, of the nominal extent; output logits \
      [B,classes]. Samples never influence each other in it (scope sample).

      EXAMPLES
        qkzoo export model.qkz.h5 --to onnx -o model.onnx
        qkzoo export model.qkz.h5 --to onnx --batch dynamic --with-spikes -o model.onnx
      """)

  /// What to write.
  enum Target: String, CaseIterable, ExpressibleByArgument {
    case onnx
  }

  /// Samples of a batch.
  enum Batch: ExpressibleByArgument {
    case fixed(Int)
    case dynamic

    init?(argument: String) {
      if argument == "dynamic" {
        self = .dynamic
      } else if let count = Int(argument), count >= 1 {
        self = .fixed(count)
      } else {
        return nil
      }
    }

    var count: Int? { if case .fixed(let count) = self { count } else { nil } }
    var defaultValueDescription: String { count.map(String.init) ?? "dynamic" }
  }

  @OptionGroup var model: ModelArgument

  @Option(help: "What to write: onnx.")
  var to: Target

  @Option(help: ArgumentHelp("Samples of a batch, or dynamic.", valueName: "n|dynamic"))
  var batch: Batch = .fixed(1)

  @Flag(help: "Also output the spikes of every neuron group, as `spikes/<path>`.")
  var withSpikes = false

  @Option(name: [.short, .long], help: "Where to write.")
  var output: String

  @OptionGroup var format: OutputOptions

  func run() throws {
    let checkpoint = try model.load().checkpoint
    var options = ONNXExport.Options()
    options.batch = batch.count
    options.withSpikes = withSpikes
    let summary = try ONNXExport.write(checkpoint, to: output, options)
    let identity = try checkpoint.identity()
    let scope = checkpoint.configuration.ssaProjectionScope
    if scope == .batch {
      StandardError.print(
        "qkzoo: \(output): computes with scope sample; the model is configured for scope batch")
    }
    var table = TextTable()
    table.add("model", checkpoint.configuration.summary)
    table.add("onnx", "operator set \(ONNXExport.operatorSet), \(summary.nodes.grouped) nodes")
    table.add("batch", batch.defaultValueDescription)
    table.add("outputs", "\(summary.outputs.count)")
    table.add("bytes", summary.bytes.grouped)
    table.add("model-id", identity.modelID.hex)
    format.print(
      Report(
        "export",
        [
          "model": .string(model.model), "output": .string(output), "to": .string(to.rawValue),
          "operator_set": .integer(ONNXExport.operatorSet), "scope": "sample",
          "batch": batch.count.map { .integer($0) } ?? .null,
          "nodes": .integer(summary.nodes), "bytes": .integer(summary.bytes),
          "outputs": .array(summary.outputs.map { .string($0) }),
          "weights_id": .string(identity.weightsID.hex),
          "model_id": .string(identity.modelID.hex),
        ], text: "\(model.model) -> \(output)\n" + table.text))
  }
}
