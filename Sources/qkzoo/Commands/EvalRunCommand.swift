import ArgumentParser
import CanonicalJSON
import Diagnostics
import Digests
import Evaluation
import FileAccess
import Transfer

/// A script instead of a run.
struct EmitOptions: ParsableArguments {
  /// The systems that scripts are for.
  enum System: String, CaseIterable, ExpressibleByArgument {
    case slurm
  }

  @Option(help: "Do not run: print a script that submits the shards as an array, and their merge.")
  var emit: System?

  @Option(help: ArgumentHelp("How many shards the script has.", valueName: "n"))
  var shards: Int?

  @Option(help: ArgumentHelp("How many shards the script lets run at once.", valueName: "k"))
  var atOnce: Int?

  func validate() throws {
    guard emit != nil else {
      if shards != nil || atOnce != nil {
        throw ValidationError("--shards and --at-once belong to --emit")
      }
      return
    }
    guard let shards, (2...Shard.mostShards).contains(shards), atOnce ?? 1 >= 1 else {
      throw ValidationError(
        "--emit needs --shards N of at least 2, what there is to merge, and --at-once of at least 1"
      )
    }
  }

  /// The script as a report, if one was asked for.
  func report(folder: String) -> Report? {
    guard let emit, let shards else { return nil }
    let script = script(folder: folder, shards: shards)
    return Report(
      "eval-run",
      [
        "emit": .string(emit.rawValue), "shards": .integer(shards),
        "at_once": atOnce.map { .integer($0) } ?? .null, "script": .string(script),
      ], .document(script))
  }

  /// The script: this command again for each shard, without what asked for the script.
  private func script(folder: String, shards: Int) -> String {
    var (words, skips) = ([String](), false)
    for word in Arguments.all where word != "--json" {
      let own = ["--emit", "--shards", "--at-once", "--shard"].first {
        word == $0 || word.hasPrefix("\($0)=")
      }
      if !skips && own == nil { words.append(word) }
      skips = !skips && own == word
    }
    return SlurmScript(
      command: [Arguments.program] + words, folder: folder, shards: shards, atOnce: atOnce
    ).text
  }
}

/// One evaluation, or a shard of it.
struct EvalRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Evaluate a model on a dataset into a folder, sample by sample.",
    discussion: """
      `released` evaluates as the reported number was produced, batch for batch; `per-image` runs \
      each sample alone. What that means for this model is printed. A run that was stopped or killed \
      goes on when the same command is given again, and has the same bytes in the end. SIGTERM, \
      SIGINT and SIGUSR1 finish the batch and exit with 75.

      A shard is taken from --shard I/N, else from QKZOO_SHARD and QKZOO_SHARDS, job arrays (Slurm, \
      SGE, AWS Batch, Kubernetes, PBS, LSF), torchrun, MPI or srun; it goes into its own folder \
      below DIR. --shard 0/1 is everything, whatever started the process. Tasks of an array that run \
      again say nothing of the number of parts: give them --shard, or QKZOO_SHARDS.

      EXAMPLES
        qkzoo eval run qkformer-digits --protocol per-image --out results/digits
        qkzoo eval run HST-10-384 --dataset imagenet-1k --data imagenet/val --protocol released \
      --out results/hst
        qkzoo eval run model.qkz.h5 --dataset folder --data pictures --protocol per-image \
      --limit 500 --out results/some
        qkzoo eval run model.qkz.h5 --dataset cifar10 --data cifar --protocol released --shard 3/8 \
      --out results/cifar
        qkzoo eval run model.qkz.h5 --dataset cifar10 --data cifar --protocol released \
      --out results/cifar --emit slurm --shards 16 --at-once 8 | bash
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var samples: DatasetArgument

  @Option(name: .customLong("protocol"), help: "By which rules: released or per-image.")
  var rules: ProtocolName

  @Option(
    name: [.short, .customLong("out"), .customLong("output")],
    help: ArgumentHelp("The folder of the result.", valueName: "dir"))
  var output: String

  @OptionGroup var options: ProtocolOptions

  @Option(
    help: ArgumentHelp(
      "Take about N samples: whole reference batches, spread over the split.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("Do part I of N, from 0.", valueName: "i/n"))
  var shard: String?

  @Flag(help: "Leave out samples that cannot be read, and list them.")
  var skipBad = false

  @OptionGroup var emission: EmitOptions
  @OptionGroup var running: EngineOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, "--out", files: [])
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    if let script = emission.report(folder: output) { return format.print(script) }
    let detected = try ShardDetection.find(option: shard, Environment.value)
    let folders = try ShardFolders(in: output)
    try folders.require(detected)
    let subject = try EvaluationSubject(
      model, samples, options.overrides, skipsBadSamples: skipBad)
    let rules = try subject.rules(rules.name)
    let run = try EvaluationRun(
      rules, model: subject.model(rules), subject.opened.loader, file: subject.opened.file,
      classes: subject.opened.classes, limit: limit, shard: detected?.shard ?? .whole)
    announce(run, detected)
    let engine = try running.prepare(
      subject.checkpoint, as: subject.configuration(scope: rules.scope))
    var line = EvaluationProgressLine("eval")
    var hasRun = false
    let folder = folders.folder(of: run.header.part.shard)
    let result = try Cancellation.bySignals { cancellation in
      defer { line.end() }
      return try run.run(
        engine, into: folder, machine: running.words(engine),
        isStopped: { cancellation.isCancelled },
        progress: {
          hasRun = true
          line.show($0)
        })
    }
    for excluded in result.excluded {
      StandardError.print(
        "qkzoo: skipped: \(excluded.file): \(excluded.reason)")
    }
    // A shard of unreadable samples is as good as any; its merge says what there is.
    if run.header.part.shard.count == 1 { try result.requireAnswers() }
    format.print(EvaluationReport(result, hasRun: hasRun).report("eval-run"))
  }

  /// What is about to run, in words.
  private func announce(_ run: EvaluationRun, _ detected: ShardDetection?) {
    guard !format.json else { return }
    let header = run.header
    StandardError.print("qkzoo: \(header.rules.name.rawValue): \(header.rules.words)")
    if let detected, detected.shard.count > 1 {
      StandardError.print(
        "qkzoo: part \(detected.shard.index) of \(detected.shard.count), by \(detected.source)")
    }
    if header.isPartial {
      let error = 0.5 / Double(header.part.samples).squareRoot() * 100
      let shortage = EvaluationReport.shortage(header).map { "; \($0)" } ?? ""
      StandardError.print(
        "qkzoo: partial: \(header.part.samples.grouped) of \(header.splitCount.grouped) samples"
          + "\(shortage); standard error of the accuracy at most \(error.formatted(2)) points")
    }
  }
}
