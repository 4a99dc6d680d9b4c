import Catalog
import CheckpointFormat
import Diagnostics
import Evaluation
import Markup
import SpikingModels

/// One evaluation, or two of the same model, as one page that needs nothing else: no network, no
/// script, no file beside it.
public struct ReportPage: Sendable {
  let subject: ReportSubject
  let other: ReportSubject?

  /// A page; `other` is an evaluation of the same samples under other rules.
  public init(_ subject: ReportSubject, other: ReportSubject? = nil) {
    self.subject = subject
    self.other = other
  }

  /// The page as text.
  public var text: String { document.html.text }

  var document: Document {
    Document(
      title: "\(subject.name) on \(subject.data)",
      description: "Accuracy, firing rates and energy of \(subject.name), measured by qkzoo.",
      style: .inline(Stylesheet.text + ReportStyle.text),
      body: HTML([
        element("a", .class("skip"), .href(.fragment("content"))) { "Skip to the content" },
        element("main", .id("content"), Attribute("tabindex", "-1")) { content },
        footer,
      ]))
  }

  @HTMLBuilder private var content: HTML {
    element("h1") { "\(subject.name) on \(subject.data)" }
    lead
    if !subject.isWhole { partNotice }
    contents
    for part in parts { Frame.section(part.id, part.title) { part.content } }
  }

  private typealias Part = (id: String, title: String, content: HTML)

  private var parts: [Part] {
    var parts: [Part] = [("accuracy", "Accuracy", accuracy), ("protocol", "Protocol", rules)]
    if other != nil { parts.append(("differences", "Answered differently", differences)) }
    parts += [
      ("classes", "Classes", classes), ("firing", "Firing rates", firing),
      ("energy", "Energy", energy), ("environment", "Environment", environment),
      ("cite", "How to cite it", citing),
    ]
    return parts
  }

  private var contents: HTML {
    element("nav", .class("contents"), Attribute("aria-label", "On this page")) {
      element("ul") {
        for part in parts {
          element("li") { element("a", .href(.fragment(part.id))) { part.title } }
        }
      }
    }
  }

  private var lead: HTML {
    let top1 = subject.metrics.top1
    return element("p", .class("lead")) {
      "\(ReportText.share(top1)) top-1: \(DecimalText.grouped(top1.correct)) of "
      "\(DecimalText.grouped(top1.count)) right, protocol \(subject.rules.name)."
    }
  }

  private var partNotice: HTML {
    element("p", .class("notice")) {
      "Not the whole split: \(DecimalText.grouped(subject.answers.count)) of "
      "\(DecimalText.grouped(subject.rules.count)) samples."
    }
  }

  private var footer: HTML {
    element("footer", .class("site")) {
      element("p") {
        "Made by "
        element("code") { "qkzoo report" }
        ", qkzoo \(FormatVersion.software). This page loads nothing and runs nothing."
      }
    }
  }

  // MARK: Protocol, environment, citation

  @HTMLBuilder private var rules: HTML {
    ruleList(subject)
    if let other {
      element("h3") { "Compared with" }
      ruleList(other)
    }
  }

  private func ruleList(_ subject: ReportSubject) -> HTML {
    Frame.definitions(
      [("protocol", HTML(subject.rules.name)), ("in words", HTML(subject.rules.words))]
        + subject.rules.notes.map { ("assumed", HTML($0)) } + [
          ("SHA-256", ReportText.digest(subject.rules.digest)),
          ("model-id", ReportText.digest(subject.modelID)),
          ("weights-id", ReportText.digest(subject.weightsID)),
        ])
  }

  @HTMLBuilder private var environment: HTML {
    Frame.paragraph("None of this changes a result; the answers are the same on every machine.")
    Frame.definitions(subject.environment.map { ($0.name, HTML($0.value)) })
    if !subject.excluded.isEmpty {
      DataTable(
        "Samples that could not be read", columns: [.text("Sample"), .text("Why")],
        rows: subject.excluded.map { [DataTable.Cell($0.file), DataTable.Cell($0.reason)] }
      ).html
    }
  }

  @HTMLBuilder private var citing: HTML {
    Frame.paragraph(PaperRow(subject).sentence)
    Frame.code(PaperRow(subject).latex, label: "LaTeX")
  }
}

/// Texts that several parts share.
enum ReportText {
  /// As in `97.50 % ± 0.49`.
  static func share(_ share: Metrics.Share) -> String {
    "\(percent(share.value)) % ± \(percent(share.standardError))"
  }

  /// A share in percent, two digits after the point.
  static func percent(_ value: Double) -> String { DecimalText.fixed(value * 100, 2) }

  /// Wilson's interval in percent.
  static func interval(_ share: Metrics.Share) -> String {
    "\(percent(share.interval.lowerBound)) to \(percent(share.interval.upperBound)) %"
  }

  /// Digits that may break over lines.
  static func digest(_ hex: String) -> HTML { element("code", .class("digest")) { hex } }
}
