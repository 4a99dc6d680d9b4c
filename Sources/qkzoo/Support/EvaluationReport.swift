import CanonicalJSON
import Diagnostics
import Digests
import Evaluation

/// What is printed of an evaluation.
struct EvaluationReport {
  let result: EvaluationResult
  /// Whether this command ran a batch of it; `nil` if it is none that runs.
  private let hasRun: Bool?

  init(_ result: EvaluationResult, hasRun: Bool? = nil) {
    self.result = result
    self.hasRun = hasRun
  }

  private var metrics: Metrics { result.metrics }
  private var renaming: ClassRenaming? { ClassRenaming(result.metrics) }
  private var header: EvaluationHeader { result.header }

  /// The result under the schema of a command.
  func report(_ command: String) -> Report { Report(command, members, text: text) }

  /// Seconds that all of the split would need at the rate of this run.
  private var secondsOfAll: Double? {
    result.environment.rate.flatMap { $0 > 0 ? Double(header.splitCount) / $0 : nil }
  }

  private var text: PrintedText {
    var table = TextTable()
    if hasRun == false { table.add("already done", "nothing was run") }
    if !result.isWholeSplit { table.add("partial", partial) }
    table.add(
      "top-1",
      "\(metrics.top1.correct.grouped) of \(metrics.top1.count.grouped) right, "
        + "\(metrics.top1.value.percent) ± \((metrics.top1.standardError * 100).formatted(2))")
    table.add("top-5", "\(metrics.top5.correct.grouped), \(metrics.top5.value.percent)")
    table.add("loss", metrics.loss.formatted(6))
    if let renaming { table.add("classes", words(renaming)) }
    if let words = NoEvents.words(withoutEvents) { table.add("no events", words) }
    for note in header.notes { table.add("note", note) }
    table.add("protocol", "\(header.rules.name.rawValue), \(header.rules.digest.short)")
    table.add("", header.rules.words)
    table.add("model-id", header.model.modelID.hex)
    if hasRun != false, let rate = result.environment.rate {
      table.add("speed", "\(rate.formatted(2)) images/s")
    }
    return "\(result.folder)\n\(table.text)"
  }

  private var withoutEvents: Int { result.samplesWithoutEvents }

  /// As in `150 of 150 correct after renaming classes: circle is answered as square, ...`.
  private func words(_ renaming: ClassRenaming) -> String {
    func name(_ index: Int) -> String {
      header.data.classes.indices.contains(index) ? header.data.classes[index] : "\(index)"
    }
    let shown = renaming.pairs.prefix(Self.shownPairs)
      .map { "\(name($0.label)) gets the answer \(name($0.answer))" }.joined(separator: ", ")
    let rest = renaming.pairs.count - Self.shownPairs
    return "\(renaming.share.correct.grouped) of \(renaming.share.count.grouped) correct after "
      + "renaming classes: \(shown)" + (rest > 0 ? ", and \(rest) more" : "")
      + "; the model and these data seem to number classes differently"
  }

  private static let shownPairs = 10

  private var partial: String {
    var parts = [
      "\(result.samples.count.grouped) of \(header.splitCount.grouped) samples of the split"
    ]
    if let shortage = Self.shortage(header) { parts.append(shortage) }
    if header.part.shard.count > 1 {
      parts.append("shard \(header.part.shard.index) of \(header.part.shard.count)")
    }
    if !result.excluded.isEmpty { parts.append("\(result.excluded.count) excluded") }
    parts.append("standard error \((metrics.top1.standardError * 100).formatted(2)) points")
    parts.append("95 % interval \(Self.interval(metrics.top1))")
    if let seconds = secondsOfAll {
      parts.append("all would take about \(EvaluationProgressLine.duration(seconds))")
    }
    return parts.joined(separator: "; ")
  }

  /// Says that the data do not have as many samples as the split; `nil` if they have.
  static func shortage(_ header: EvaluationHeader) -> String? {
    header.data.count == header.splitCount ? nil : "the data have \(header.data.count.grouped)"
  }

  /// Wilson's interval, which does not vanish where no sample, or every sample, is right.
  private static func interval(_ share: Metrics.Share) -> String {
    let (lower, upper) = (share.interval.lowerBound, share.interval.upperBound)
    return "\((lower * 100).formatted(2)) to \(upper.percent)"
  }

  private var members: [String: JSON] {
    var members = resultMembers
    members["already_done"] = hasRun.map { .bool(!$0) }
    return members
  }

  private var resultMembers: [String: JSON] {
    [
      "folder": .string(result.folder), "complete": .bool(result.isComplete),
      "whole_split": .bool(result.isWholeSplit),
      "model_id": .string(header.model.modelID.hex), "protocol": header.rules.json,
      "protocol_sha256": .string(header.rules.digest.hex),
      "protocol_words": .string(header.rules.words),
      "shard": .integer(header.part.shard.index), "shards": .integer(header.part.shard.count),
      "limit": header.part.limit.map { .integer($0) } ?? .null,
      "n": .integer(result.samples.count), "n_of_split": .integer(header.splitCount),
      "correct": .integer(metrics.top1.correct), "top1": .number(metrics.top1.value),
      "standard_error": .number(metrics.top1.standardError),
      "correct_in_top5": .integer(metrics.top5.correct), "top5": .number(metrics.top5.value),
      "loss": .number(metrics.loss),
      "notes": .array(header.notes.map { .string($0) }),
      "classes": .array(header.data.classes.map { .string($0) }),
      "samples_without_events": .integer(withoutEvents), "renaming": Self.json(renaming),
      "spikes": .integer(result.samples.reduce(0) { $0 + $1.spikes }),
      "excluded": .array(
        result.excluded.map {
          ["index": .integer($0.index), "file": .string($0.file), "reason": .string($0.reason)]
        }),
      "images_per_second": result.environment.rate.map { .number($0) } ?? .null,
      "seconds_of_whole_split": secondsOfAll.map { .number($0) } ?? .null,
    ]
  }

  private static func json(_ renaming: ClassRenaming?) -> JSON {
    guard let renaming else { return .null }
    return [
      "correct": .integer(renaming.share.correct), "n": .integer(renaming.share.count),
      "pairs": .array(
        renaming.pairs.map { ["label": .integer($0.label), "answer": .integer($0.answer)] }),
    ]
  }
}
