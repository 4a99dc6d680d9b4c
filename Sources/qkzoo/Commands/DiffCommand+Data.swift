import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Datasets
import Diagnostics
import Evaluation
import SpikeInference
import SpikingModels

/// What both models answer to labelled samples.
extension DiffCommand {
  func compareAnswers(_ models: [Checkpoint], _ data: String) throws -> AnswerDifference {
    let dataset = try LabelledDataset.labelled(at: data, for: models[0].configuration)
    let hasPictures = try dataset.hasPictures()
    Notes.print(dataset.notes)
    let progress = Progress("diff", total: 2 * dataset.count)
    func side(_ model: Checkpoint) throws -> (any ForwardPass, SampleLoader) {
      let engine = try running.prepare(model, scope: .sample)
      guard hasPictures else { return (engine, SampleLoader(dataset, nil)) }
      let (steps, note) = try PicturePreprocessing.steps(
        for: model.configuration, dataset: dataset, entry: nil, at: data)
      Notes.print([note].compactMap { $0 })
      return (engine, SampleLoader(dataset, steps))
    }
    return try AnswerDifference(
      side(models[0]), side(models[1]), progress: progress.advance)
  }

  /// Rows for people, and the samples that are answered differently.
  static func add(_ answers: AnswerDifference, to table: inout TextTable) {
    let count = answers.count
    table.add(
      "data",
      "\(answers.dataset), \(count.grouped) samples, each alone (scope sample)"
        + NoEvents.suffix(answers.samplesWithoutEvents))
    for (name, correct) in zip(["first right", "second right"], answers.correct) {
      let share = Double(correct) / Double(max(count, 1))
      table.add(name, "\(correct.grouped) of \(count.grouped), \(share.percent)")
    }
    func points(_ share: Double) -> String { (share * 100).formatted(2) }
    table.add(
      "accuracy",
      "second minus first: \(points(answers.difference)) points, 95 % interval "
        + "[\(points(answers.interval.lowerBound)), \(points(answers.interval.upperBound))]"
        + (answers.includesZero ? ", which includes zero" : ""))
    table.add("answers", "\(answers.changes.count.grouped) of \(count.grouped) differ")
  }

  static func list(_ answers: AnswerDifference) -> PrintedText {
    guard !answers.changes.isEmpty else { return "" }
    var table = TextTable()
    table.add("SAMPLE", "CLASS", "FIRST", "SECOND")
    for change in answers.changes.prefix(shownChanges) {
      table.add(
        change.name, "\(change.label)", "\(change.answers[0])", "\(change.answers[1])")
    }
    let rest = answers.changes.count - shownChanges
    return "\n\n" + table.text + (rest > 0 ? "\n\(rest) more with --json" : "")
  }

  private static let shownChanges = 20

  static func json(_ answers: AnswerDifference) -> JSON {
    [
      "data": .string(answers.dataset), "n": .integer(answers.count),
      "samples_without_events": .integer(answers.samplesWithoutEvents),
      "correct": .array(answers.correct.map { .integer($0) }),
      "difference": .number(answers.difference),
      "interval": [
        .number(answers.interval.lowerBound), .number(answers.interval.upperBound),
      ],
      "includes_zero": .bool(answers.includesZero),
      "answers": .array(
        answers.changes.map { change in
          [
            "sample": .string(change.name), "class": .integer(change.label),
            "answers": .array(change.answers.map { .integer($0) }),
          ]
        }),
    ]
  }
}
