import CheckpointFormat
import Diagnostics
import Evaluation
import SpikingModels

/// An evaluation in the forms in which model collections keep theirs.
public struct ResultListings: Sendable {
  private let subject: ReportSubject

  /// Listings of an evaluation, which readers take for the model's own figures.
  ///
  /// - Throws: `EvaluationFailure` unless every sample of the split was answered, by the network at
  ///   its own T and extent.
  public init(_ subject: ReportSubject) throws {
    let others = "md, latex and html can show it"
    guard subject.isWhole else {
      throw EvaluationFailure(
        .partial, at: "\(subject.name) on \(subject.data)",
        expected: "all \(DecimalText.grouped(subject.rules.count)) samples of the split; \(others)",
        found: "\(DecimalText.grouped(subject.answers.count))")
    }
    guard !subject.rules.isOfOtherNetwork else {
      throw EvaluationFailure(
        .otherNetwork, at: "\(subject.name) on \(subject.data)",
        expected: "the model at its own T and extent; \(others)",
        found: "T=\(subject.configuration.timeSteps), \(subject.rules.size.height) x "
          + "\(subject.rules.size.width), set by \(subject.rules.overrides.joined(separator: ", "))"
      )
    }
    self.subject = subject
  }

  // MARK: timm

  /// Header and line of timm's `results-*.csv`.
  ///
  /// `crop_pct` is the side of the middle square over what the shorter side was resized to; it and
  /// the interpolation are empty where nothing is resized.
  public var timmCSV: String {
    let metrics = subject.metrics
    let parameters = NetworkPlan(subject.configuration).parameterCount
    let picture = subject.rules.picture
    let fields = [
      subject.name, "\(subject.configuration.input.height)", percent(metrics.top1.value),
      percent(1 - metrics.top1.value), percent(metrics.top5.value),
      percent(1 - metrics.top5.value), DecimalText.fixed(Double(parameters) / 1e6, 2),
      picture.map { DecimalText.fixed(Double($0.side) / Double($0.shorterSide), 3) } ?? "",
      picture == nil ? "" : "bicubic",
    ]
    return "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation\n"
      + fields.map(Self.csv).joined(separator: ",") + "\n"
  }

  private func percent(_ value: Double) -> String { DecimalText.fixed(value * 100, 3) }

  /// Corresponds to RFC 4180. A leading sign of a formula is kept from being one.
  private static func csv(_ field: String) -> String {
    let plain = PlainText.escaped(field)
    let scalars = plain.unicodeScalars
    let text =
      scalars.first.map { "=+-@".unicodeScalars.contains($0) } == true ? "'" + plain : plain
    guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "'" }) else {
      return text
    }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  // MARK: Hugging Face

  /// The member `model-index` of a model card.
  public var modelIndex: String {
    let metrics = subject.metrics
    let rows = [
      ("accuracy", "Top 1 Accuracy", metrics.top1.value),
      ("top_5_accuracy", "Top 5 Accuracy", metrics.top5.value),
    ]
    let lines = rows.map { type, name, value in
      """
          - type: \(YAML.text(type))
            name: \(YAML.text(name))
            value: \(percent(value))
            verified: false
      """
    }
    return """
      model-index:
      - name: \(YAML.text(subject.name))
        results:
        - task:
            type: "image-classification"
            name: "Image Classification"
          dataset:
            type: \(YAML.text(subject.rules.dataset))
            name: \(YAML.text(subject.data))
            split: \(YAML.text(subject.rules.split))
          metrics:
      \(lines.joined(separator: "\n"))

      """
  }

  /// A file of the folder `.eval_results` of a model's repository: top-1 in percent.
  ///
  /// - Parameters:
  ///   - dataset: the Hub's name of the dataset, as in `ILSVRC/imagenet-1k`.
  ///   - task: the task of that dataset.
  public func evaluationResults(dataset: String, task: String) -> String {
    let top1 = subject.metrics.top1
    let notes =
      "protocol \(subject.rules.name), SHA-256 \(subject.rules.digest); \(subject.rules.words); "
      + "standard error \(percent(top1.standardError)); n = \(top1.count); "
      + "model-id \(subject.modelID); qkzoo \(FormatVersion.software)"
    return """
      - dataset:
          id: \(YAML.text(dataset))
          task_id: \(YAML.text(task))
        value: \(percent(top1.value))
        notes: \(YAML.text(notes))

      """
  }
}

/// Text in YAML.
enum YAML {
  /// A double-quoted scalar, which is a string whatever it holds.
  ///
  /// Corresponds to YAML 1.2, section 7.3.1.
  static func text(_ text: String) -> String {
    let inner = text.unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\"": return "\\\""
      case "\\": return "\\\\"
      case "\n": return "\\n"
      case "\t": return "\\t"
      default: return plain(scalar)
      }
    }
    return "\"" + inner.joined() + "\""
  }

  /// Characters that YAML does not print, and those that change the direction of writing, by code.
  private static func plain(_ scalar: Unicode.Scalar) -> String {
    guard PlainText.escaped(String(scalar)) != String(scalar) || scalar.value == 0xFEFF else {
      return String(scalar)
    }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let width = scalar.value > 0xFFFF ? 8 : 4
    let padded = String(repeating: "0", count: max(0, width - digits.count)) + digits
    return (width == 8 ? "\\U" : "\\u") + padded
  }
}
