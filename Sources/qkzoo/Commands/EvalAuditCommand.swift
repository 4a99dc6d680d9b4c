import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Datasets
import Diagnostics
import Digests
import Evaluation
import SpikingModels

/// What the batch leak changes.
struct EvalAuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Show what evaluating in batches, as the released code does, changes.",
    discussion: """
      Runs the samples alone, in the reference batches of the released protocol, and in shuffled \
      batches, side by side: whose logits and answers change, and the accuracy difference with its \
      95 % interval, paired over samples.

      EXAMPLES
        qkzoo eval audit qkformer-digits-batch --index zoo --data digits-test.safetensors
        qkzoo eval audit HST-10-384 --dataset imagenet-1k --data imagenet/val --limit 640
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var samples: DatasetArgument

  @Option(
    help: ArgumentHelp("Samples of one batch (default: the released protocol's).", valueName: "n"))
  var batch: Int?

  @Option(help: "Decides the shuffled order.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Take about N samples: whole reference batches, spread over the split.", valueName: "n"))
  var limit: Int?

  @OptionGroup var running: EngineOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    let most = EvaluationProtocol.mostSamplesOfBatch
    if let batch, !(1...most).contains(batch) {
      throw ValidationError("--batch must be from 1 to \(most)")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    let subject = try EvaluationSubject(
      model, samples, ProtocolOverrides(batch: batch), skipsBadSamples: false)
    let rules = try subject.rules(.released)
    let all = subject.opened.dataset
    let plan = BatchPlan(labels: all.samples.map(\.label), rules: rules, limit: limit)
    let loader = SampleLoader(
      all.subset(plan.batches.flatMap { $0 }), subject.opened.loader.preprocessing
    ).inputs(of: subject.configuration.graph, size: rules.size)
    let progress = Progress("audit", total: 3 * plan.samples)
    let effect = try BatchEffect(
      alone: running.prepare(subject.checkpoint, as: subject.configuration(scope: .sample)),
      batched: running.prepare(subject.checkpoint, as: subject.configuration(scope: .batch)),
      loader, batchSize: rules.batchSize, seed: seed,
      scratch: Environment.value("TMPDIR") ?? "/tmp", progress: progress.advance)
    format.print(report(effect, rules, of: all, subject.identity.modelID))
  }

  private func report(
    _ effect: BatchEffect, _ rules: EvaluationProtocol, of data: LabelledDataset, _ modelID: Digest
  ) -> Report {
    let all = rules.splitCount(found: data.count)
    var table = TextTable()
    table.add(
      "EVALUATION", "RIGHT", "LOGITS CHANGED", "MEAN |CHANGE|", "ANSWERS CHANGED",
      "ACCURACY CHANGE, 95 % INTERVAL")
    table.add("per-image", "\(effect.correctAlone) of \(effect.count)", "-", "-", "-", "-")
    for comparison in effect.comparisons {
      table.add(
        comparison.evaluation, "\(comparison.correct) of \(effect.count)",
        "\(comparison.changedLogits) of \(effect.count)", comparison.meanChange.formatted(4),
        "\(comparison.changedAnswers)",
        "\((comparison.difference * 100).formatted(2)) points "
          + "[\((comparison.interval.lowerBound * 100).formatted(2)), "
          + "\((comparison.interval.upperBound * 100).formatted(2))]")
    }
    let sentences = effect.comparisons.filter(\.includesZero).map { comparison -> PrintedText in
      "\(comparison.evaluation): the interval includes zero, so these data show no effect on accuracy."
    }
    let partial: [PrintedText] =
      effect.count == all
      ? [] : ["partial: \(effect.count.grouped) of \(all.grouped) samples of the split."]
    let empty = [NoEvents.words(effect.samplesWithoutEvents)].compactMap { words in
      words.map { PrintedText(escaping: $0) }
    }
    let lines = [table.text] + sentences + partial + empty + ["released: \(rules.words)"]
    var members = members(effect, rules, all, modelID)
    members["notes"] = .array(data.notes.map { .string($0) })
    return Report("eval-audit", members, text: lines.joined(separator: "\n"))
  }

  private func members(
    _ effect: BatchEffect, _ rules: EvaluationProtocol, _ all: Int, _ modelID: Digest
  ) -> [String: JSON] {
    [
      "model_id": .string(modelID.hex), "data": .string(rules.recordedDataset),
      "n": .integer(effect.count), "n_of_split": .integer(all),
      "samples_without_events": .integer(effect.samplesWithoutEvents),
      "protocol": rules.json, "protocol_sha256": .string(rules.digest.hex),
      "protocol_words": .string(rules.words),
      "per_image_correct": .integer(effect.correctAlone),
      "comparisons": .array(effect.comparisons.map(Self.json)),
    ]
  }

  private static func json(_ comparison: BatchEffect.Comparison) -> JSON {
    [
      "evaluation": .string(comparison.evaluation), "correct": .integer(comparison.correct),
      "changed_logits": .integer(comparison.changedLogits),
      "mean_change": .number(comparison.meanChange),
      "largest_change": .number(comparison.largestChange),
      "changed_answers": .integer(comparison.changedAnswers),
      "difference": .number(comparison.difference),
      "interval": [
        .number(comparison.interval.lowerBound), .number(comparison.interval.upperBound),
      ],
      "includes_zero": .bool(comparison.includesZero),
    ]
  }
}
