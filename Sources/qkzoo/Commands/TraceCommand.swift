import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles
import Tracing

/// The tensors inside a forward pass.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Write the spikes, potentials and inputs of layers during a forward pass.",
    discussion: """
      The file gets a tensor KIND/PATH, [T,B,...], for each layer that --layers selects and each \
      KIND of --what: spikes (u8, or bits with --pack), input (u8, the integers that a convolution \
      reads), and in float32 current (X, what neurons receive), charged (H, before they fire) and \
      membrane (V, after reset). Both engines write the same bytes.

      A pattern of --layers is a path, * standing for any characters, or a folder. Each sample \
      runs alone; a model of scope `batch` takes the input as one batch, or in batches of --batch.

      EXAMPLES
        qkzoo trace model.qkz.h5 --list
        qkzoo trace model.qkz.h5 --input x.npy --layers stage2,stage3 -o spikes.npz
        qkzoo trace model.qkz.h5 --input x.npy --layers '*/mlp/*' --what input,membrane -o x.h5
      """)

  /// What is traced, as in `spikes,input`.
  struct Kinds: ExpressibleByArgument {
    let kinds: [TraceKind]

    init(_ kinds: [TraceKind]) { self.kinds = kinds }

    init?(argument: String) {
      let names = argument.split(separator: ",", omittingEmptySubsequences: false)
      let kinds = names.compactMap { TraceKind(rawValue: String($0)) }
      guard kinds.count == names.count, Set(kinds).count == kinds.count else { return nil }
      self.kinds = kinds
    }

    var defaultValueDescription: String { kinds.map(\.rawValue).joined(separator: ",") }
  }

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("The input tensor.", valueName: "file[:tensor]"))
  var input: String?

  @Option(help: ArgumentHelp("Patterns of layers, separated by commas.", valueName: "glob,..."))
  var layers = "*"

  @Option(
    help: ArgumentHelp(
      "Any of \(TraceKind.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "kind,..."))
  var what = Kinds([.spikes])

  @Flag(help: "Write spikes as bits, least significant first, whole bytes for each sample.")
  var pack = false

  @Flag(help: "Only list the layers and their shapes.")
  var list = false

  @OptionGroup var scope: ScopeOptions

  @Option(name: [.short, .long], help: "The file to write, .npz or .h5.")
  var output: String?

  @OptionGroup var running: EngineOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  private var patterns: [String] { layers.split(separator: ",").map(String.init) }

  func validate() throws {
    if pack, !what.kinds.contains(.spikes) { throw ValidationError("--pack is for spikes") }
    if patterns.isEmpty { throw ValidationError("--layers needs a pattern") }
    if list, output != nil { throw ValidationError("--list writes no file: leave out -o") }
    guard !list else { return }
    guard input != nil, let output else {
      throw ValidationError("--input and -o are needed, or --list")
    }
    guard Trace.suffixes.contains(where: output.hasSuffix), !output.hasSuffix(".qkz.h5") else {
      throw ValidationError("-o must end in .npz or .h5, and not in .qkz.h5")
    }
    try OutputRule.refuse(output, files: model.files, tensors: [input])
  }

  func run() throws {
    try rule.admit(output)
    let checkpoint = try model.load().checkpoint
    let setting = try scope.setting(of: checkpoint.configuration)
    var configuration = checkpoint.configuration
    configuration.scope = setting.scope
    let graph = configuration.graph
    let samples = try input.map {
      try InputBatch(try TensorSource.read($0), for: graph, name: $0)
    }
    let selection = try TraceSelection(
      samples.map { graph.resized(to: $0.size) } ?? graph, patterns, place: "--layers")
    let modelID = try checkpoint.identity().modelID
    guard let output, let samples, !list else {
      return format.print(report(configuration, setting, selection, modelID))
    }
    let tensors = try selection.tensors(what.kinds, packs: pack)
    let progress = Progress("trace", total: samples.batch)
    let trace = Trace(
      try running.prepare(checkpoint, scope: setting.scope), samples, tensors, modelID: modelID)
    let written = try trace.write(
      to: output, batchSize: setting.batchSize, progress: progress.advance)
    let size = try Files.stamp(of: output).size
    format.print(
      report(
        configuration, setting, selection, modelID, samples: samples.batch, written, bytes: size))
  }

  private func report(
    _ configuration: ModelConfiguration, _ setting: ScopeSetting,
    _ selection: TraceSelection, _ modelID: Digest, samples: Int? = nil,
    _ written: [Trace.Written] = [], bytes: Int? = nil
  ) -> Report {
    let members: [String: JSON] = [
      "model_id": .string(modelID.hex), "input": input.map { .string($0) } ?? .null,
      "output": output.map { .string($0) } ?? .null,
      "bytes": bytes.map { .integer($0) } ?? .null,
      "time_steps": .integer(configuration.timeSteps),
      "samples": samples.map { .integer($0) } ?? .null,
      "layers": .array(selection.layers.map(Self.json)),
      "tensors": .array(written.map(Self.json)),
    ]
    return Report(
      "trace", members.merging(setting.members) { $1 },
      text: list
        ? Self.table(selection.layers)
        : "\(setting.words)\n\(Self.table(written))\n\(samples ?? 0) samples, "
          + "\((bytes ?? 0).grouped) bytes, model \(modelID.short)")
  }

  private static func table(_ layers: [TraceLayer]) -> PrintedText {
    var table = TextTable()
    table.add("LAYER", "IS", "SHAPE")
    for layer in layers {
      table.add(layer.path, layer.hasNeurons ? "neurons" : "input", "\(layer.shape)")
    }
    return table.text
  }

  private static func table(_ written: [Trace.Written]) -> PrintedText {
    var table = TextTable()
    table.add("TENSOR", "TYPE", "SHAPE", "SHA-256")
    for item in written {
      table.add(
        item.planned.name, item.tensor.isPacked ? "bits" : item.planned.elementType.rawValue,
        "\(item.planned.shape)", item.digest.short)
    }
    return table.text
  }

  private static func json(_ layer: TraceLayer) -> JSON {
    [
      "path": .string(layer.path), "is": .string(layer.hasNeurons ? "neurons" : "input"),
      "shape": .array(layer.shape.map { .integer($0) }),
    ]
  }

  private static func json(_ item: Trace.Written) -> JSON {
    var members = Trace.json(item.tensor, item.planned).object ?? [:]
    members["sha256"] = .string(item.digest.hex)
    return .object(members)
  }
}
