import ArgumentParser
import CanonicalJSON
import Diagnostics
import Digests
import Evaluation
import FileAccess
import ModelZoo
import Reports

/// An evaluation for readers, papers and model collections.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a page, a table row or a listing of an evaluation.",
    discussion: """
      Takes a folder that `eval run` or `eval merge` wrote. The page is one file that loads nothing; \
      with a second folder, of the same weights and samples under another protocol, it lists the \
      samples that are answered differently. Formats: html; md and latex, a table's row with a sentence on the \
      protocol and BibTeX; timm-csv; model-index, of a model card; hf-eval, a file of .eval_results. \
      The last three are of the whole split and of the model as it is, or refused.

      EXAMPLES
        qkzoo report results/per-image -o report.html
        qkzoo report results/per-image results/released --stats stats.json -o report.html
        qkzoo report results/per-image --format latex
        qkzoo report results/per-image --format hf-eval --hub-dataset ILSVRC/imagenet-1k
      """)

  /// The forms of a report.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case html, md, latex
    case timmCSV = "timm-csv"
    case modelIndex = "model-index"
    case evaluationResults = "hf-eval"
  }

  @Argument(help: "An evaluation's folder, and perhaps another of the same model.")
  var folders: [String]

  @Option(name: .customLong("format"), help: "In which form.")
  var form: Form = .html

  @Option(name: .shortAndLong, help: ArgumentHelp("Where it goes.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "What `stats --json` printed of the same model: energy under every convention.",
      valueName: "file"))
  var stats: String?

  @Option(
    help: ArgumentHelp("The Hub's name of the dataset, for hf-eval.", valueName: "owner/name"))
  var hubDataset: String?

  @Option(help: ArgumentHelp("The task of that dataset.", valueName: "name"))
  var hubTask = "default"

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    guard (1...2).contains(folders.count) else {
      throw ValidationError("one or two folders are needed")
    }
    if folders.count == 2 && form != .html {
      throw ValidationError("only html takes two folders")
    }
    if form == .evaluationResults && hubDataset == nil {
      throw ValidationError("hf-eval needs --hub-dataset, the Hub's name of the dataset")
    }
    let recorded = folders.flatMap { folder in
      EvaluationResult.fileNames.map { Files.join(folder, $0) }
    }
    try OutputRule.refuse(file, files: recorded + [stats])
    if output == nil, form == .html, !format.json, StandardOutput.isTerminal {
      throw ValidationError(
        "a page is for a browser: name a file with -o, or -o - for this terminal")
    }
  }

  func run() throws {
    try rule.admit(file)
    let zoo = try zoo.load()
    let results = try folders.map { try EvaluationResult(folder: $0) }
    for result in results { try result.requireAnswers() }
    for other in results.dropFirst() { try Self.requireComparable(results[0], other) }
    var subjects = results.map { subject($0, zoo) }
    if let stats {
      let json = try JSON(parsing: Files.read(stats, limit: 64 << 20), at: stats)
      try subjects[0].addEnergies(stats: json, at: stats)
    }
    let text = try text(subjects[0], subjects.dropFirst().first)
    if let file { try AtomicFile.replace(file, with: Array(text.utf8)) }
    let body = file.map { Report.Body.text("\(form.rawValue) of \(subjects[0].name): \($0)") }
    format.print(Report("report", members(subjects[0]), body ?? .document(text)))
  }

  /// Where it goes; `nil` for standard output, which `-` names.
  private var file: String? { output == "-" ? nil : output }

  /// Requires the same weights and the same samples.
  private static func requireComparable(
    _ first: EvaluationResult, _ second: EvaluationResult
  ) throws {
    let (expected, found) = (first.header.model.weightsID, second.header.model.weightsID)
    guard expected == found else {
      throw EvaluationFailure(
        .otherModel, at: second.folder, expected: "weights-id \(expected)", found: "\(found)")
    }
    try first.header.requireSameData(second.header, at: second.folder)
  }

  private func subject(_ result: EvaluationResult, _ zoo: ZooIndex) -> ReportSubject {
    let entry = zoo.entry(of: result.header.model.modelID)
    return ReportSubject(
      result, entry: entry, classNames: entry.flatMap { zoo.labels[$0.labels] } ?? [])
  }

  private func text(_ subject: ReportSubject, _ other: ReportSubject?) throws -> String {
    switch form {
    case .html: ReportPage(subject, other: other).text
    case .md: PaperRow(subject).markdown
    case .latex: PaperRow(subject).latex
    case .timmCSV: try ResultListings(subject).timmCSV
    case .modelIndex: try ResultListings(subject).modelIndex
    case .evaluationResults:
      try ResultListings(subject).evaluationResults(dataset: hubDataset ?? "", task: hubTask)
    }
  }

  private func members(_ subject: ReportSubject) -> [String: JSON] {
    let metrics = subject.metrics
    return [
      "model": .string(subject.name), "model_id": .string(subject.modelID),
      "protocol": .string(subject.rules.name), "protocol_sha256": .string(subject.rules.digest),
      "dataset": .string(subject.rules.dataset), "split": .string(subject.rules.split),
      "whole_split": .bool(subject.isWhole), "format": .string(form.rawValue),
      "output": .optional(output), "top1": Self.json(metrics.top1),
      "top5": Self.json(metrics.top5), "loss": .number(metrics.loss),
      "agreement": .array(subject.comparisons.map(Self.json)),
      "energy": .array(
        subject.energies.map {
          [
            "convention": .string($0.convention), "millijoules": .number($0.whole.millijoules),
            "measured_on": .optional($0.measuredOn),
          ]
        }),
    ]
  }

  private static func json(_ share: Metrics.Share) -> JSON {
    [
      "correct": .integer(share.correct), "n": .integer(share.count), "value": .number(share.value),
      "standard_error": .number(share.standardError),
    ]
  }

  private static func json(_ comparison: ReportSubject.Comparison) -> JSON {
    [
      "by": .string(comparison.by), "metric": .string(comparison.metric),
      "stated": .number(comparison.stated), "digits": .integer(comparison.agreement.digits),
      "setting": .string(comparison.setting),
      "same_setting": comparison.isSameSetting.map { .bool($0) } ?? .null,
      "source": .string(comparison.source),
      "verdict": .string(comparison.agreement.verdict.rawValue),
      "difference": .number(comparison.agreement.difference),
      "tolerance": .number(comparison.agreement.tolerance),
    ]
  }
}
