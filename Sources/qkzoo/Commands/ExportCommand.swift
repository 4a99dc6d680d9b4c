import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import FileAccess
import SpikingModels

/// A model for other software to run.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model for other software to run.",
    discussion: """
      onnx: one file, operator set \(ONNXExport.operatorSet), a graph without loops: input \
      [B,C,H,W], or [B,T,C,H,W] for event frames, of the nominal extent; output logits \
      [B,classes]. Samples never influence each other in it (scope sample).

      layers: a new folder for hardware and simulators: layers.csv with a row for each operation, \
      weights and batch normalisation as .npy, and with --input firing rates of channels and \
      histograms of what convolutions read, measured under the model's own scope or that of \
      --scope. Its README.md explains it.

      nir: one part of the model as a NIR graph, which nir and simulators read. NIR has no max \
      pooling, no product of streams and no mean over time, so no whole model fits; --list-parts \
      says which parts do, and what stands in the way of the others. What NIR leaves open, such as \
      the time step and the integration, is in the graph's metadata.

      EXAMPLES
        qkzoo export model.qkz.h5 --to onnx -o model.onnx
        qkzoo export model.qkz.h5 --to onnx --batch dynamic --with-spikes -o model.onnx
        qkzoo export model.qkz.h5 --to layers --input probe.npy --fold-bn -o model-layers
        qkzoo export model.qkz.h5 --to nir --list-parts
        qkzoo export model.qkz.h5 --to nir --part stage2/block0/mlp -o mlp.nir
      """)

  /// What to write.
  enum Target: String, CaseIterable, ExpressibleByArgument {
    case onnx, layers, nir
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

  @Option(help: "What to write: onnx, layers or nir.")
  var to: Target

  @Option(
    help: ArgumentHelp(
      "onnx: samples of a batch, or dynamic; layers: samples of one batch, for scope `batch`.",
      valueName: "n|dynamic"))
  var batch: Batch?

  @Flag(help: "onnx: also output the spikes of every neuron group, as `spikes/<path>`.")
  var withSpikes = false

  @Option(help: ArgumentHelp("layers: measure on these samples.", valueName: "file[:tensor]"))
  var input: String?

  @Option(
    help: ArgumentHelp(
      "layers: over what SSA's projection neuron keeps its state (default: as the model has it)."))
  var scope: NeuronScope?

  @Flag(help: "layers: also write each convolution with its batch normalisation folded in.")
  var foldBn = false

  @Option(
    help: ArgumentHelp("nir: which part, as in stage2/block0/mlp.", valueName: "path"))
  var part: String?

  @Flag(help: "nir: list the parts instead of writing one.")
  var listParts = false

  @Option(
    name: [.short, .long], help: "Where to write: a name ending in .onnx or .nir, or a folder.")
  var output: String?

  @OptionGroup var running: EngineOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if to != .onnx, withSpikes { throw ValidationError("--with-spikes is for --to onnx") }
    try validateScope()
    if to != .layers, input != nil || foldBn {
      throw ValidationError("--input and --fold-bn are for --to layers")
    }
    if to != .nir, part != nil || listParts {
      throw ValidationError("--part and --list-parts are for --to nir")
    }
    if listParts, part != nil || output != nil {
      throw ValidationError("--list-parts writes nothing; --part and -o exclude it")
    }
    if output == nil, !listParts {
      throw ValidationError("missing -o, where to write")
    }
    if let output, to != .layers, !output.hasSuffix(".\(to.rawValue)") {
      throw ValidationError("-o must end in .\(to.rawValue), not \(Files.name(of: output))")
    }
    try OutputRule.refuse(output, files: model.files)
  }

  /// A batch of a graph is several samples at once; of a measurement, samples that share a state.
  private func validateScope() throws {
    if to == .nir, batch != nil { throw ValidationError("--batch is for --to onnx and layers") }
    if to != .layers, scope == .batch {
      throw ValidationError("graphs for onnx and nir run each sample alone, under scope sample")
    }
    if to == .layers, batch != nil, batch?.count == nil || input == nil {
      throw ValidationError("--to layers takes --batch N with --input")
    }
  }

  func run() throws {
    try rule.admit(output)
    let checkpoint = try model.load().checkpoint
    guard let output else { return printParts(checkpoint) }
    switch to {
    case .onnx: try writeONNX(checkpoint, to: output)
    case .layers: try writeLayers(checkpoint, to: output)
    case .nir: try writeNIR(checkpoint, to: output)
    }
  }

  private func writeONNX(_ checkpoint: Checkpoint, to output: String) throws {
    let setting = announceScope(checkpoint, output)
    let batch = batch ?? .fixed(1)
    var options = ONNXExport.Options()
    options.batch = batch.count
    options.withSpikes = withSpikes
    let summary = try ONNXExport.write(checkpoint, to: output, options)
    let identity = try checkpoint.identity()
    var table = TextTable()
    table.add("model", checkpoint.configuration.summary)
    table.add("computes", setting.words)
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
        ], text: "\(model.model) -> \(output)\n\(table.text)"))
  }
}
