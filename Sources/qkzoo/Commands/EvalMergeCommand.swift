import ArgumentParser
import CanonicalJSON
import Diagnostics
import Digests
import Evaluation

/// Shards become one evaluation.
struct EvalMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Put the shards of an evaluation together, as if it had run in one piece.",
    discussion: """
      The result has byte for byte the files of an undivided run. Shards of different models, \
      protocols or data are refused, and so are missing and doubled ones. A folder without a result \
      of its own stands for the shards below it.

      EXAMPLES
        qkzoo eval merge results/hst --out results/hst-merged
        qkzoo eval merge node1/shard-0-of-2 node2/shard-1-of-2 --out merged --json
      """)

  @Argument(help: ArgumentHelp("Folders of shards.", valueName: "dir"))
  var folders: [String]

  @Option(
    name: [.short, .customLong("out"), .customLong("output")],
    help: ArgumentHelp("The folder of the whole.", valueName: "dir"))
  var output: String

  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, "--out", files: [])
  }

  func run() throws {
    let result = try EvaluationParts(folders: folders).merge(into: output)
    try result.requireAnswers()
    format.print(EvaluationReport(result).report("eval-merge"))
  }
}

/// What of an evaluation is done.
struct EvalStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what of an evaluation is done, and what is missing.",
    discussion: """
      Reads the folders only; runs and shards that go on meanwhile are not disturbed.

      EXAMPLES
        qkzoo eval status results/hst
        qkzoo eval status results/hst --json
      """)

  @Argument(help: ArgumentHelp("Folders of an evaluation or of its shards.", valueName: "dir"))
  var folders: [String]

  @OptionGroup var format: OutputOptions

  func run() throws {
    let parts = try EvaluationParts(folders: folders)
    format.print(Report("eval-status", members(parts), text: text(parts)))
  }

  private func text(_ parts: EvaluationParts) -> PrintedText {
    var table = TextTable()
    table.add("FOLDER", "SHARD", "BATCHES", "SAMPLES", "TOP-1", "STATE")
    for result in parts.results {
      let (part, top1) = (result.header.part, result.metrics.top1)
      table.add(
        result.folder, "\(part.shard.index)/\(part.shard.count)",
        "\(result.batches.count) of \(part.ownBatches.count)", result.samples.count.grouped,
        result.samples.isEmpty
          ? "-"
          : "\(top1.value.percent) ± \((top1.standardError * 100).formatted(2))",
        result.isComplete ? "done" : "not done")
    }
    for folder in parts.notBegun { table.add(folder, "-", "-", "-", "-", "not begun") }
    let header = parts.header
    var lines: [PrintedText] = [table.text, "\(header.rules.name.rawValue): \(header.rules.words)"]
    lines.append(
      parts.missing.isEmpty
        ? "all \(header.part.batches) batches are done"
        : "missing of \(header.part.batches) batches: \(Self.words(parts.missing))")
    if header.isPartial { lines.append(Self.partial(header)) }
    if !parts.doubled.isEmpty { lines.append("there twice: \(Self.words(parts.doubled))") }
    return lines.joined(separator: "\n")
  }

  private static func partial(_ header: EvaluationHeader) -> PrintedText {
    let shortage = EvaluationReport.shortage(header).map { "; \($0)" } ?? ""
    return "partial: \(header.part.samples.grouped) of \(header.splitCount.grouped) samples of the "
      + "split\(shortage)"
  }

  private static func words(_ ranges: [Range<Int>]) -> String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }
      .joined(separator: ", ")
  }

  private func members(_ parts: EvaluationParts) -> [String: JSON] {
    func ranges(_ ranges: [Range<Int>]) -> JSON {
      .array(
        ranges.map { ["first": .integer($0.lowerBound), "last": .integer($0.upperBound - 1)] })
    }
    return [
      "model_id": .string(parts.header.model.modelID.hex),
      "protocol_sha256": .string(parts.header.rules.digest.hex),
      "batches": .integer(parts.header.part.batches),
      "samples": .integer(parts.header.part.samples),
      "n_of_split": .integer(parts.header.splitCount),
      "complete": .bool(parts.missing.isEmpty && parts.doubled.isEmpty),
      "missing": ranges(parts.missing), "doubled": ranges(parts.doubled),
      "folders": .array(parts.results.map(Self.json)),
      "not_begun": .array(parts.notBegun.map { .string($0) }),
    ]
  }

  private static func json(_ result: EvaluationResult) -> JSON {
    let part = result.header.part
    return [
      "folder": .string(result.folder), "shard": .integer(part.shard.index),
      "shards": .integer(part.shard.count), "batches_done": .integer(result.batches.count),
      "batches": .integer(part.ownBatches.count), "n": .integer(result.samples.count),
      "correct": .integer(result.metrics.top1.correct), "excluded": .integer(result.excluded.count),
      "complete": .bool(result.isComplete),
    ]
  }
}
