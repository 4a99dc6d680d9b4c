import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Datasets
import Diagnostics
import Digests
import Evaluation
import FileAccess
import Glibc
import ModelZoo
import Signatures
import SpikeInference
import SpikingModels
import Verification

/// Are bytes, structure, behaviour and figures what was recorded?
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a checkpoint: bytes, structure, behaviour, and figures on a dataset.",
    discussion: """
      Levels build on each other; the default is the first three. `behaviour` runs the model on the \
      stored probe and says by whose evidence it is confirmed. `dataset` runs it on a whole split \
      and compares with the stored accuracy and spike counts; where nothing is stored it runs under \
      the model's own scope and prints the accuracy, which decides nothing: --require \
      dataset=recorded fails then. With --key the signature is checked \
      first; of a folder nothing else is.

      EXAMPLES
        qkzoo verify model.qkz.h5
        qkzoo verify qkformer-digits --index zoo --level dataset
        qkzoo verify model.qkz.h5 --level dataset --dataset cifar10 --data cifar-10-batches-bin
        qkzoo verify model.qkz.h5 --require behaviour=independent
        qkzoo verify model.qkz.h5 --key their.pub.pem
      """)

  /// How far to check.
  enum Level: String, CaseIterable, ExpressibleByArgument, Comparable {
    case signature, bytes, structure, behaviour, dataset

    static func < (left: Level, right: Level) -> Bool {
      (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
  }

  @Argument(help: "A path, an entry's name, or six or more digits of a model-id.")
  var model: String

  @Option(help: "The last level to check.")
  var level: Level = .behaviour

  @Option(
    help: ArgumentHelp(
      "Fail unless a rung rests on this evidence: behaviour=independent or dataset=recorded.",
      valueName: "rung=evidence"
    ))
  var require: Ladder.Requirement?

  @Option(
    help: ArgumentHelp(
      "Also judge behaviour that another framework recorded in this file.", valueName: "file"))
  var reference: [String] = []

  @OptionGroup var samples: DatasetArgument

  @OptionGroup var signing: SignatureOptions
  @OptionGroup var running: EngineOptions
  @Flag(
    name: .customLong("both-engines"),
    help: "Judge behaviour by the reference engine and by the fast one.")
  var runsBothEngines = false

  @OptionGroup var foreign: ForeignOptions
  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if require == .recordedDataset && level < .dataset {
      throw ValidationError("--require dataset=recorded is for --level dataset")
    }
    if level < .behaviour && (!reference.isEmpty || runsBothEngines) {
      throw ValidationError("--reference and --both-engines are for --level behaviour and dataset")
    }
    if level < .dataset && samples.isNamed {
      throw ValidationError("--dataset, --data, --labels and --class-names are for --level dataset")
    }
    if level == .signature && signing.key == nil {
      throw ValidationError("--level signature needs --key")
    }
  }

  func run() throws {
    var ladder = Ladder()
    let (path, entry) = try zoo.locate(model)
    let signed = try signing.verdict(on: path, isEntry: entry != nil)
    if let signed {
      ladder.add(.init(name: "signature", detail: signed.detail, findings: signed.findings))
      // What the key did not sign is not parsed, and a folder is no model.
      if !signed.findings.isEmpty || level == .signature || Files.isDirectory(path) {
        return try finish(&ladder, path, nil, nil)
      }
    }
    var (checkpoint, configuration, imported) = try open(path, entry, &ladder)
    let identity = try checkpoint?.identity()
    let recognised = try imported.flatMap { try Recognised($0, identity, zoo.load()) }
    var nothing = "nothing recorded"
    if level >= .behaviour, let same = recognised?.model {
      nothing = try takeEvidence(of: same, &checkpoint) ?? nothing
    }
    if level >= .behaviour { ladder.add(contentsOf: try behaviour(checkpoint, path, nothing)) }
    if level >= .dataset { ladder.add(contentsOf: try dataset(checkpoint, entry, identity, path)) }
    if let entry, let identity {
      ladder.add(identityRung(identity, configuration, entry, path))
    } else if let recognised {
      ladder.add(recognised.rung)
    }
    if let identity, let findings = signed?.identityFindings(identity, at: path) {
      ladder.add(.init(name: "signature", detail: "the identities as signed", findings: findings))
    }
    try finish(&ladder, path, configuration, identity)
  }

  /// Prints what was found, and ends with it.
  private func finish(
    _ ladder: inout Ladder, _ path: String, _ configuration: ModelConfiguration?,
    _ identity: ModelIdentity?
  ) throws {
    ladder.require(require, path)
    format.print(report(ladder, path, configuration, identity))
    for finding in ladder.findings { StandardError.print("qkzoo: \(finding.message)") }
    if let first = ladder.findings.first { throw ExitCode(first.exitCode) }
  }

  /// The first two rungs; what is wrong there cannot be asked for its behaviour.
  private func open(
    _ path: String, _ entry: ZooEntry?, _ ladder: inout Ladder
  ) throws -> (Checkpoint?, ModelConfiguration, ImportedModel?) {
    guard ModelFile.isCheckpoint(path) else {
      let imported = try openForeign(path, &ladder)
      return (imported.checkpoint, imported.checkpoint.configuration, imported)
    }
    try foreign.refuse(for: path)
    let file = try CheckpointFile(path: path)
    ladder.add(try bytes(file, entry))
    let structure = structure(file)
    if level >= .structure { ladder.add(structure) }
    // Of a file that lacks tensors there is no identity, also where nobody asked for its structure.
    let isWhole = ladder.findings.isEmpty && structure.findings.isEmpty
    return (isWhole ? try file.checkpoint() : nil, file.configuration, nil)
  }

  /// Another container records no digests: what can be checked is what it checks itself.
  private func openForeign(_ path: String, _ ladder: inout Ladder) throws -> ImportedModel {
    let imported = try ModelFile.importModel(path, foreign, zoo)
    let container = imported.assembly.file.container
    ladder.add(
      Ladder.Rung(
        name: "bytes",
        detail: container == .torch
          ? "the archive's CRC-32 of every tensor; no digests are recorded in this container"
          : "lengths and layout; no digests are recorded in this container"))
    ladder.add(
      Ladder.Rung(
        name: "structure",
        detail: "every tensor of the inventory, configuration from \(imported.source)"))
    return imported
  }

  /// Takes over what the checkpoint of an entry, which is this very model, has recorded, if it is on
  /// this machine.
  ///
  /// - Returns: why it could not, in words.
  private func takeEvidence(of entry: ZooEntry, _ checkpoint: inout Checkpoint?) throws -> String? {
    do {
      guard let path = try zoo.local().checkpoint(of: entry) else { return nil }
      let known = try CheckpointFile.openVerified(path).checkpoint()
      try entry.requireModelID(known.identity().modelID, at: path)
      checkpoint?.references = known.references
      checkpoint?.records = known.records
      return nil
    } catch let failure as any Diagnosable {
      return "the zoo's record cannot be read: \(failure.description)"
    }
  }

  // MARK: Rungs

  private func bytes(_ file: CheckpointFile, _ entry: ZooEntry?) throws -> Ladder.Rung {
    let compared = try file.compareBytes()
    let detail =
      "\(compared.tensors) tensors, \(compared.datasets) other datasets, "
      + "\(compared.attributes) attributes: chunk checksums, SHA-256"
      + (entry?.file(.checkpoint) == nil ? "" : "; the whole file as the zoo lists it")
    return Ladder.Rung(name: "bytes", detail: detail, findings: compared.findings)
  }

  private func structure(_ file: CheckpointFile) -> Ladder.Rung {
    Ladder.Rung(
      name: "structure",
      detail: "format \(file.formatVersion), every tensor of the configuration's inventory",
      findings: file.structureFindings())
  }

  private func behaviour(
    _ checkpoint: Checkpoint?, _ path: String, _ nothing: String
  ) throws -> [Ladder.Rung] {
    guard let checkpoint else { return [.skipped("behaviour", "not run: wrong below")] }
    let foreign = try reference.map { try ForeignReference.read($0, for: checkpoint.plan) }
    let references = checkpoint.references + foreign
    guard !references.isEmpty else { return [.skipped("behaviour", nothing)] }
    return try references.flatMap { reference in
      try engines.map { engine in
        do {
          return try judge(reference, checkpoint, by: engine, path)
        } catch let failure as any Diagnosable
          where (failure is InferenceFailure || failure is ReferenceFailure)
          && failure.kind == .badData
        {
          // What was checked before stays checked; what this machine lacks is no fault of the file.
          return Ladder.Rung(
            name: "behaviour", detail: "the reference of \(reference.origin.tool) cannot be run",
            findings: [failure])
        }
      }
    }
  }

  /// The engines that judge: the one chosen, or with `--both-engines` each.
  private var engines: [ForwardEngine] {
    runsBothEngines ? ForwardEngine.allCases : [running.engine]
  }

  private func judge(
    _ reference: Reference, _ checkpoint: Checkpoint, by name: ForwardEngine, _ path: String
  ) throws -> Ladder.Rung {
    let engine = try running.prepare(checkpoint, scope: reference.scope, engine: name)
    let verdict = try BehaviourCheck(engine, at: path).judge(reference)
    var findings: [CheckpointFailure] = []
    if case .refuted(_, let refutations) = verdict { findings = refutations }
    // Under another scope it is another model, with another model-id.
    let isOwn = reference.scope == checkpoint.configuration.scope
    let suffix =
      (isOwn ? "" : "; under scope \(reference.scope.rawValue), not the model's own")
      + (runsBothEngines ? " (engine \(name.rawValue))" : "")
    return Ladder.Rung(
      name: "behaviour", detail: "\(verdict.words): \(verdict.detail)\(suffix)",
      findings: findings, isChecked: verdict.isJudged,
      isIndependent: verdict.isIndependent && isOwn, scope: reference.scope)
  }

  private func dataset(
    _ checkpoint: Checkpoint?, _ entry: ZooEntry?, _ identity: ModelIdentity?, _ path: String
  ) throws -> [Ladder.Rung] {
    guard let checkpoint, let identity else { return [.skipped("dataset", "not run: wrong below")] }
    let known = try entry ?? zoo.load().entry(of: identity.modelID)
    let opened = try samples.open(known, checkpoint.configuration, zoo)
    let name = opened.dataset.recordedName
    let ways = checkpoint.records.evaluations(of: name)
    guard !ways.isEmpty else { return [try measured(checkpoint, opened)] }
    return try ways.flatMap { way in
      guard let evaluation = try evaluated(way, checkpoint, opened) else {
        return [Ladder.Rung.skipped("dataset", "not computed again: \(way)")]
      }
      return RecordCheck(evaluation, with: checkpoint.records, at: path).lines.map { line in
        Ladder.Rung(
          name: "dataset",
          detail: "\(line.detail); recorded by \(line.by)"
            + NoEvents.suffix(evaluation.samplesWithoutEvents),
          findings: line.findings, isChecked: line.isComparable)
      }
    }
  }

  /// What the model reaches where no record says what to expect: under its own scope, in batches of
  /// the released code's size.
  private func measured(
    _ checkpoint: Checkpoint, _ opened: DatasetArgument.Opened
  ) throws -> Ladder.Rung {
    let setting = try ScopeSetting(
      checkpoint.configuration, scope: nil, batch: nil,
      usual: ReleasedSettings(dataset: opened.dataset.name).batchSize)
    let progress = Progress("dataset", total: opened.dataset.count)
    let evaluation = try SplitEvaluation(
      running.prepare(checkpoint), opened.loader, batchSize: setting.batchSize,
      progress: progress.advance)
    let share = Metrics.Share(correct: evaluation.correct, count: evaluation.answers.count)
    return Ladder.Rung(
      name: "dataset",
      detail: "nothing recorded for \(evaluation.dataset) to compare with; measured "
        + "\(share.correct) of \(share.count) right, \(share.value.percent) ± "
        + "\((share.standardError * 100).formatted(2)), \(setting.words)",
      isChecked: false, scope: setting.scope)
  }

  /// The split in a recorded way: each sample alone, or in batches in the dataset's order.
  private func evaluated(
    _ way: String, _ checkpoint: Checkpoint, _ opened: DatasetArgument.Opened
  ) throws -> SplitEvaluation? {
    let batchSize = SplitEvaluation.batchSize(of: way)
    guard way == "per-image" || batchSize != nil else { return nil }
    let progress = Progress("dataset", total: opened.dataset.count)
    return try SplitEvaluation(
      running.prepare(checkpoint, scope: batchSize == nil ? .sample : .batch), opened.loader,
      batchSize: batchSize, progress: progress.advance)
  }

  private func identityRung(
    _ identity: ModelIdentity, _ configuration: ModelConfiguration, _ entry: ZooEntry,
    _ path: String
  ) -> Ladder.Rung {
    var findings = [
      ("model-id", entry.modelID, identity.modelID),
      ("weights-id", entry.weightsID, identity.weightsID),
    ].compactMap {
      name, expected, found -> CheckpointFailure? in
      guard let expected, expected != found else { return nil }
      return CheckpointFailure(
        .digest, at: "\(path) \(name)", expected: "\(expected)", found: "\(found)")
    }
    if configuration != entry.configuration {
      findings.append(
        CheckpointFailure(
          .structure, at: "\(path) configuration", expected: entry.configuration.summary,
          found: configuration.summary))
    }
    let known = entry.modelID ?? entry.weightsID
    return Ladder.Rung(
      name: "identity",
      detail: "the zoo's \(entry.name)" + (known == nil ? ", which lists no identity" : ""),
      findings: findings, isChecked: known != nil || !findings.isEmpty)
  }

  private func report(
    _ ladder: Ladder, _ path: String, _ configuration: ModelConfiguration?,
    _ identity: ModelIdentity?
  ) -> Report {
    var table = TextTable()
    for rung in ladder.rungs { table.add(rung.name, rung.state, rung.detail) }
    let checked = configuration == nil ? .signature : level
    for unchecked in Level.allCases where unchecked > checked {
      let reason =
        unchecked > level ? "(--level \(unchecked.rawValue))" : "by a signature alone"
      table.add(unchecked.rawValue, "-", "not checked \(reason)")
    }
    if let identity {
      table.add("model-id", "", identity.modelID.hex)
      table.add("weights-id", "", identity.weightsID.hex)
    }
    return Report(
      "verify",
      [
        "file": .string(path), "holds": .bool(ladder.findings.isEmpty),
        "rungs": .array(ladder.rungs.map(\.json)),
        "configuration": configuration?.json ?? .null,
        "model_id": .optional(identity?.modelID.hex),
        "weights_id": .optional(identity?.weightsID.hex),
      ],
      text: "\(([model] + [configuration?.summary].compactMap(\.self)).joined(separator: "  "))\n"
        + table.text)
  }
}
