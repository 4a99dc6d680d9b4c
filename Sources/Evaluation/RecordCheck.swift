public import CheckpointFormat
public import Diagnostics

/// Compares an evaluation with the records that a model carries.
public struct RecordCheck: Sendable {
  /// What one record says.
  public struct Line: Sendable {
    /// Who made the record.
    public let by: String
    /// What was compared, in words.
    public let detail: String
    /// Where it differs; empty if nowhere.
    public let findings: [CheckpointFailure]
    /// Whether the comparison can decide. Counts of another tool that differ cannot: at a threshold
    /// its rounding may move a spike, and which one does not show.
    public var isComparable = true
  }

  /// One line for each record of the dataset and evaluation.
  public let lines: [Line]

  /// Compares; `place` names the model in findings.
  public init(_ evaluation: SplitEvaluation, with records: Records, at place: String) {
    let accuracy = records.accuracy
      .filter { ($0.dataset, $0.evaluation) == (evaluation.dataset, evaluation.evaluation) }
      .map { Self.line(evaluation, $0, place) }
    let firing = records.firing
      .filter { ($0.dataset, $0.evaluation) == (evaluation.dataset, evaluation.evaluation) }
      .map { Self.line(evaluation, $0, place) }
    lines = accuracy + firing
  }

  /// Every finding of every line.
  public var findings: [CheckpointFailure] { lines.flatMap(\.findings) }

  private static func line(
    _ evaluation: SplitEvaluation, _ record: Records.Accuracy, _ place: String
  ) -> Line {
    var findings: [CheckpointFailure] = []
    let count = evaluation.answers.count
    if (record.correct, record.count) != (evaluation.correct, count) {
      findings.append(
        CheckpointFailure(
          .digest, at: "\(place) accuracy on \(record.dataset)",
          expected: "\(record.correct) of \(record.count) right, by \(record.by)",
          found: "\(evaluation.correct) of \(count)"))
    }
    var detail = "\(evaluation.correct) of \(count) right"
    if let answers = record.answers {
      let equal = zip(answers, evaluation.answers).filter { $0 == $1 }.count
      detail += ", the same answer to \(equal) of \(count)"
      for (sample, (recorded, answer)) in zip(answers, evaluation.answers).enumerated()
      where recorded != answer {
        findings.append(
          CheckpointFailure(
            .digest, at: "\(place) answer to sample \(sample) of \(record.dataset)",
            expected: "\(recorded), by \(record.by)", found: "\(answer)"))
      }
    }
    return Line(by: record.by, detail: detail, findings: findings)
  }

  private static func line(
    _ evaluation: SplitEvaluation, _ record: Records.Firing, _ place: String
  ) -> Line {
    let found = evaluation.activity.spikes.mapValues(\.perStep)
    let paths = Set(record.spikes.keys).union(found.keys).sorted()
    let different = paths.filter { record.spikes[$0] != found[$0] }
    let detail =
      "spikes by step equal in \(paths.count - different.count) of \(paths.count) groups"
    guard different.isEmpty || record.by.hasPrefix("qkzoo ") else {
      let largest = different.map { distance(record.spikes[$0], found[$0]) }.max() ?? 0
      return Line(
        by: record.by, detail: "not comparable: \(detail), else off by \(largest) at most",
        findings: [], isComparable: false)
    }
    let findings = different.map { path in
      CheckpointFailure(
        .digest, at: "\(place) \(path) on \(record.dataset)",
        expected: "\(record.spikes[path] ?? []) spikes by step, by \(record.by)",
        found: "\(found[path] ?? [])")
    }
    return Line(by: record.by, detail: detail, findings: findings)
  }

  /// The largest difference of two lists of counts; exact for any counts a file may hold.
  private static func distance(_ recorded: [Int]?, _ found: [Int]?) -> UInt {
    zip(recorded ?? [], found ?? []).map {
      UInt(bitPattern: max($0, $1)) &- UInt(bitPattern: min($0, $1))
    }.max() ?? 0
  }
}
