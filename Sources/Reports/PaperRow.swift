import Catalog
import CheckpointFormat
import Diagnostics
import Evaluation
import SpikingModels

/// What a paper says of an evaluation: the row of a table, a sentence on the protocol, and BibTeX.
public struct PaperRow: Sendable {
  private let subject: ReportSubject

  /// A row about an evaluation.
  public init(_ subject: ReportSubject) { self.subject = subject }

  private var configuration: ModelConfiguration { subject.configuration }

  /// Energy under the paper's convention.
  private var energy: ReportSubject.Energy? {
    subject.energies.first { $0.convention == EnergyConvention.paper.rawValue }
  }

  /// Headings and cells.
  private var cells: [(heading: String, value: String)] {
    let metrics = subject.metrics
    let parameters = Double(NetworkPlan(configuration).parameterCount) / 1e6
    let millijoules = energy?.whole.millijoules
    return [
      ("Model", subject.name), ("Param (M)", DecimalText.fixed(parameters, 2)),
      ("Input", "\(configuration.input.height) x \(configuration.input.width)"),
      ("T", "\(configuration.timeSteps)"),
      (
        "Energy (mJ, paper)",
        millijoules.map { DecimalText.fixed($0, $0 < 0.1 ? 6 : 2) } ?? "-"
      ),
      (
        "Top-1 (%)",
        "\(ReportText.percent(metrics.top1.value)) +- "
          + ReportText.percent(metrics.top1.standardError)
      ),
      ("Top-5 (%)", ReportText.percent(metrics.top5.value)),
    ]
  }

  /// How the figures came about, for the text or the caption.
  public var sentence: String {
    let top1 = subject.metrics.top1
    let part = subject.isWhole ? "all" : "\(DecimalText.grouped(top1.count)) of the"
    return "Measured with qkzoo \(FormatVersion.software) on \(part) "
      + "\(DecimalText.grouped(subject.rules.count)) samples of \(subject.data), protocol "
      + "\(subject.rules.name) (\(subject.rules.words)); the error is binomial, of one standard "
      + "deviation. \(energySentence)Protocol SHA-256 \(subject.rules.digest), "
      + "model-id \(subject.modelID)."
  }

  private var energySentence: String {
    energy.map { energy in
      "Energy counts operations under the convention paper at \(energy.costs.accumulate) pJ for an "
        + "accumulate and \(energy.costs.multiplyAccumulate) pJ for a multiply-accumulate "
        + "(\(energy.costs.name))" + (energy.measuredOn.map { ", on \($0)" } ?? "") + ". "
    } ?? ""
  }

  private var key: String {
    let plain = subject.name.unicodeScalars.map { scalar -> String in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || scalar == "-" || scalar == "." ? String(scalar) : "-"
    }
    return plain.joined()
  }

  /// The weights that were run, by model-id.
  private var citation: String {
    """
    @misc{\(key),
      title = {Model \(LaTeX.escaped(subject.name)), run by qkzoo \(FormatVersion.software)},
      note  = {model-id \(subject.modelID)}
    }
    """
  }

  /// The row for a LaTeX table, then sentence and BibTeX.
  public var latex: String {
    let values = cells.map { LaTeX.escaped($0.value).replacing("+-", with: "$\\pm$") }
    return """
      % \(cells.map { LaTeX.escaped($0.heading) }.joined(separator: " & ")) \\\\
      \(values.joined(separator: " & ")) \\\\

      % For the caption or the text:
      % \(LaTeX.escaped(sentence))

      % BibTeX
      \(citation)

      \(Citation.paper)

      """
  }

  /// The row for a Markdown table, then sentence and BibTeX.
  public var markdown: String {
    let values = cells.map { Markdown.escaped($0.value).replacing("+-", with: "±") }
    return """
      | \(cells.map(\.heading).joined(separator: " | ")) |
      |\(cells.map { _ in "---" }.joined(separator: "|"))|
      | \(values.joined(separator: " | ")) |

      \(Markdown.escaped(sentence))

      ```bibtex
      \(citation)

      \(Citation.paper)
      ```

      """
  }
}

/// Text in LaTeX.
enum LaTeX {
  /// Text that means itself; on one line.
  static func escaped(_ text: String) -> String {
    PlainText.escaped(text).unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\\": return "\\textbackslash{}"
      case "~": return "\\textasciitilde{}"
      case "^": return "\\textasciicircum{}"
      case "&", "%", "$", "#", "_", "{", "}": return "\\\(scalar)"
      default: return String(scalar)
      }
    }.joined()
  }
}

/// Text in Markdown.
enum Markdown {
  /// Text that means itself, in a table too; on one line.
  static func escaped(_ text: String) -> String {
    PlainText.escaped(text).unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "~", "&": return "\\\(scalar)"
      default: return String(scalar)
      }
    }.joined()
  }
}
