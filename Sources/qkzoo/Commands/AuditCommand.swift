import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import Evaluation
import QKFormerModel

/// What the batch leak changes.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Show what evaluating in batches changes in a model of scope `batch`.",
    discussion: """
      Runs the labelled samples alone, in batches in file order, and in batches shuffled.

      EXAMPLES
        qkzoo audit qkformer-digits-batch --index zoo --data digits-test.safetensors
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("Labelled samples (default: the entry's).", valueName: "file"))
  var data: String?

  @Option(help: ArgumentHelp("Samples of one batch.", valueName: "n"))
  var batch = 32

  @Option(help: "Decides the shuffled order.")
  var seed: UInt64 = 0

  @OptionGroup var running: EngineOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if batch < 1 { throw ValidationError("--batch must be at least 1") }
  }

  func run() throws {
    let (checkpoint, entry) = try model.load()
    let engine = try running.prepare(checkpoint, scope: .batch)
    guard let samples = try model.zoo.samples(data, of: entry) else {
      throw ValidationError("name labelled samples by --data, or an entry that has test data")
    }
    let progress = Progress("audit", total: 3 * samples.count)
    let effect = try BatchEffect(
      engine, samples, batchSize: batch, seed: seed, progress: progress.advance)
    format.print(report(effect, samples, try checkpoint.identity().modelID.hex))
  }

  private func report(
    _ effect: BatchEffect, _ samples: LabelledSamples, _ modelID: String
  ) -> Report {
    let count = effect.alone.answers.count
    var table = TextTable()
    table.add(
      "EVALUATION", "RIGHT", "LOGITS CHANGED", "MEAN |CHANGE|", "ANSWERS CHANGED",
      "ACCURACY CHANGE, 95 % INTERVAL")
    table.add("per-image", "\(effect.alone.correct) of \(count)", "-", "-", "-", "-")
    for comparison in effect.comparisons {
      table.add(
        comparison.evaluation, "\(comparison.correct) of \(count)",
        "\(comparison.changedLogits) of \(count)", comparison.meanChange.formatted(4),
        "\(comparison.changedAnswers)",
        "\((comparison.difference * 100).formatted(2)) points "
          + "[\((comparison.interval.lowerBound * 100).formatted(2)), "
          + "\((comparison.interval.upperBound * 100).formatted(2))]")
    }
    let sentences = effect.comparisons.filter(\.includesZero).map {
      "\($0.evaluation): the interval includes zero, so these data show no effect on accuracy."
    }
    return Report(
      "audit",
      [
        "model_id": .string(modelID), "data": .string(samples.name), "n": .integer(count),
        "per_image_correct": .integer(effect.alone.correct),
        "comparisons": .array(effect.comparisons.map(Self.json)),
      ], text: ([table.text] + sentences).joined(separator: "\n"))
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
