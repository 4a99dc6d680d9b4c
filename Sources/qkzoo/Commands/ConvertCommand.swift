import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import FileAccess
import SpikeTensors
import SpikingModels
import TensorFiles
import Verification

/// Container to container, bit for bit.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a checkpoint to .qkz.h5, .safetensors or .pth, bit for bit.",
    discussion: """
      Nothing in the input is executed. The model is not run unless --probe asks for a reference.

      EXAMPLES
        qkzoo convert checkpoint-199.pth --preset HST-10-384 -o hst-10-384.qkz.h5
        qkzoo convert model.pth --config model.json --reference pytorch.safetensors -o model.qkz.h5
        qkzoo convert model.qkz.h5 -o model.safetensors
        qkzoo convert model.qkz.h5 -o model.pth
        qkzoo convert model.qkz.h5 --naming spikingjelly -o state.pth
        qkzoo convert ms_qk_10-384_T4.pth.tar --preset ms_qk_10-384_T4 --match order -o ms.qkz.h5
      """)

  @Argument(help: "A file (.pth, .pth.tar, .safetensors, .qkz.h5) or an entry's name.")
  var input: String

  @Option(name: [.short, .long], help: "Where to write; the suffix decides the container.")
  var output: String

  @OptionGroup var foreign: ForeignOptions
  @OptionGroup var zoo: ZooOptions
  @OptionGroup var running: EngineOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  @Option(
    help: ArgumentHelp(
      "Take over behaviour that another framework recorded (repeatable).", valueName: "file"))
  var reference: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run the model on this input and record the result as its own reference.",
      valueName: "file[:tensor]"))
  var probe: String?

  @Option(
    help: ArgumentHelp("Take over accuracy and firing records (repeatable).", valueName: "file"))
  var records: [String] = []

  @Option(
    help: ArgumentHelp(
      "State a licence in the provenance, as in weights=CC-BY-4.0 (repeatable).",
      valueName: "what=licence"))
  var licence: [String] = []

  @Option(
    help: "Whose names and shapes of tensors a .safetensors or .pth file has (default: released).")
  var naming: Naming?

  @Option(help: "How a .qkz.h5 file stores its tensors: mapped (raw) or compact (zstd).")
  var layout: CheckpointLayout = .mapped

  func run() throws {
    if !isReplacingItself { try rule.admit(output) }
    let (model, source, imported) = try read()
    var checkpoint = model
    if !licence.isEmpty {
      checkpoint.amendProvenance { [licence] in Self.stating(licence, in: $0) }
    }
    for path in reference {
      checkpoint.references.append(try ForeignReference.read(path, for: checkpoint.plan))
    }
    if let probe {
      let tensor = try TensorSource.read(probe)
      checkpoint.references.append(
        try ReferenceMaker.make(running.prepare(checkpoint), input: tensor, at: probe))
    }
    for path in records {
      let added = try RecordFile.read(path, for: checkpoint.plan)
      checkpoint.records.accuracy += added.accuracy
      checkpoint.records.firing += added.firing
    }
    let identity = try write(checkpoint)
    format.print(try report(checkpoint, identity, source, imported))
  }

  private func read() throws -> (Checkpoint, String, ImportedModel?) {
    let (path, _) = try zoo.locate(input)
    if ModelFile.isCheckpoint(path) {
      try foreign.refuse(for: path)
      return (try CheckpointFile.openVerified(path).checkpoint(), "the checkpoint", nil)
    }
    let imported = try ModelFile.importModel(path, foreign, zoo)
    return (imported.checkpoint, imported.source, imported)
  }

  private static func stating(_ statements: [String], in provenance: JSON) -> JSON {
    var members = provenance.object ?? [:]
    var licences = members["licences"]?.object ?? [:]
    for statement in statements {
      let parts = statement.split(separator: "=", maxSplits: 1)
      licences[String(parts[0])] = .string(String(parts[1]))
    }
    members["licences"] = .object(licences)
    return .object(members)
  }

  /// Whether the output has a place for references and records.
  private var holdsEvidence: Bool { output.hasSuffix(".qkz.h5") }

  private func write(_ checkpoint: Checkpoint) throws -> ModelIdentity {
    if holdsEvidence {
      return try CheckpointWriter.write(checkpoint, to: output, layout: layout)
    }
    if !checkpoint.references.isEmpty || !checkpoint.records.isEmpty {
      StandardError.print(
        "qkzoo: \(output): references and records are left out; only .qkz.h5 can hold them")
    }
    let naming = naming ?? .released
    return output.hasSuffix(".safetensors")
      ? try SafetensorsExport.write(checkpoint, to: output, naming: naming)
      : try TorchExport.write(checkpoint, to: output, naming: naming)
  }

  private static let suffixes = [".qkz.h5", ".safetensors", ".pth", ".pth.tar"]

  func validate() throws {
    guard Self.suffixes.contains(where: output.hasSuffix) else {
      throw ValidationError(
        "-o must end in \(Self.suffixes.joined(separator: ", ")), not \(Files.name(of: output))")
    }
    if let bad = licence.first(where: { $0.split(separator: "=").count < 2 }) {
      throw ValidationError("--licence must be what=licence, not \(bad)")
    }
    if holdsEvidence, naming != nil {
      throw ValidationError("a .qkz.h5 file has canonical names; --naming is for other containers")
    }
    if !holdsEvidence, layout != .mapped {
      throw ValidationError("only a .qkz.h5 file has a layout")
    }
    if !holdsEvidence, !reference.isEmpty || probe != nil || !records.isEmpty {
      throw ValidationError("only a .qkz.h5 file holds references and records")
    }
    try OutputRule.refuse(
      output, files: isInPlace ? evidence : [input] + evidence, tensors: [probe])
  }

  /// What is read beside the model.
  private var evidence: [String?] { reference + records + [foreign.config] }

  /// A checkpoint of ours may replace itself: nothing of it is lost.
  private var isInPlace: Bool { holdsEvidence && ModelFile.isCheckpoint(input) }
  private var isReplacingItself: Bool { isInPlace && Files.areSame(input, output) }

  private func report(
    _ checkpoint: Checkpoint, _ identity: ModelIdentity, _ source: String,
    _ imported: ImportedModel?
  ) throws -> Report {
    let bytes = checkpoint.parameters.values.reduce(0) { $0 + $1.bytes.count }
    let match = try imported.map(MatchReport.init)
    // What an earlier conversion dropped was not in this input.
    let dropped = imported?.assembly.dropped ?? (tensors: 0, bytes: 0)
    var table = TextTable()
    table.add("model", checkpoint.configuration.summary)
    table.add("configuration", source)
    table.add(
      "tensors",
      "\(checkpoint.parameters.count) (\(bytes.grouped) bytes), "
        + "\(checkpoint.plan.parameterCount.grouped) parameters")
    if dropped.tensors > 0 {
      table.add(
        "dropped", "\(dropped.tensors) tensors of training state (\(dropped.bytes.grouped) bytes)")
    }
    if let match { table.add("matched", match.summary) }
    let references = holdsEvidence ? checkpoint.references.count : 0
    table.add("references", "\(references)")
    table.add("weights-id", identity.weightsID.hex)
    table.add("model-id", identity.modelID.hex)
    return Report(
      "convert",
      [
        "input": .string(input), "output": .string(output),
        "configuration": checkpoint.configuration.json, "configuration_source": .string(source),
        "tensors": .integer(checkpoint.parameters.count), "bytes": .integer(bytes),
        "parameters": .integer(checkpoint.plan.parameterCount),
        "dropped_tensors": .integer(dropped.tensors), "dropped_bytes": .integer(dropped.bytes),
        "references": .integer(references),
        "matched": match?.json ?? .null,
        "weights_id": .string(identity.weightsID.hex), "model_id": .string(identity.modelID.hex),
      ], text: "\(input) -> \(output)\n\(table.text)\(match?.pairing ?? "")")
  }
}
