import Catalog
import Diagnostics
import Evaluation
import Markup
import ModelZoo

extension ReportPage {
  /// Measured, then against what others state.
  @HTMLBuilder var accuracy: HTML {
    measured
    comparison
  }

  private var measured: HTML {
    let subjects = [subject] + (other.map { [$0] } ?? [])
    return DataTable(
      "Measured by qkzoo; ± is the binomial standard error",
      columns: [
        .text("Protocol"), .number("Top-1"), .text("95 % (Wilson)"), .number("Top-5"),
        .number("Samples"), .number("Loss"), .number("Loss, mean of batches"),
      ],
      rows: subjects.map { subject in
        let metrics = subject.metrics
        return [
          DataTable.Cell(subject.rules.name), DataTable.Cell(ReportText.share(metrics.top1)),
          DataTable.Cell(ReportText.interval(metrics.top1)),
          DataTable.Cell(ReportText.share(metrics.top5)),
          DataTable.Cell(DecimalText.grouped(metrics.top1.count)),
          DataTable.Cell(DecimalText.fixed(metrics.loss, 4)),
          DataTable.Cell(DecimalText.fixed(subject.lossOfBatches, 4)),
        ]
      }
    ).html
  }

  @HTMLBuilder private var comparison: HTML {
    element("h3") { "Against the stated figures" }
    if subject.comparisons.isEmpty {
      Frame.paragraph(
        subject.entry == nil
          ? "The model is in no zoo, so nothing that somebody states of it is known."
          : subject.hasFiguresOfOtherData
            ? "What others state of this model is of other data than \(subject.data)."
            : "Nobody states an accuracy of this model.")
    } else {
      Frame.paragraph(
        "Two figures agree if they differ by at most half a unit of the stated figure's last digit "
          + "plus 1.96 binomial standard errors, of the measured or of the stated one at as many "
          + "samples, whichever are larger. Where it says another setting, batches, the scope of "
          + "state, T or the input's extent differ, and that alone may be why they do not.")
      for subject in [subject] + (other.map { [$0] } ?? []) { table(subject) }
    }
  }

  private func table(_ subject: ReportSubject) -> HTML {
    DataTable(
      "Stated, and measured under protocol \(subject.rules.name)",
      columns: [
        .text("Stated by"), .text("Metric"), .number("Stated"), .text("Its setting"),
        .number("Measured"), .text("Verdict"), .text("Source"),
      ],
      rows: subject.comparisons.map { stated in
        let agreement = stated.agreement
        return [
          DataTable.Cell(stated.by), DataTable.Cell(stated.metric),
          DataTable.Cell(DecimalText.fixed(stated.stated, agreement.digits) + " %"),
          DataTable.Cell(stated.setting.isEmpty ? "not stated" : stated.setting),
          DataTable.Cell(ReportText.share(agreement.measured)),
          DataTable.Cell(
            element("span", .class("verdict \(agreement.verdict.rawValue)")) { stated.words }),
          DataTable.Cell(HTML.linked(stated.source)),
        ]
      }
    ).html
  }

  // MARK: Two protocols

  /// Samples that the two evaluations answer differently.
  @HTMLBuilder var differences: HTML {
    if let other {
      let pairs = Metrics.differences(subject.answers, other.answers)
      let common = Set(subject.answers.map(\.index)).intersection(other.answers.map(\.index)).count
      Frame.paragraph(Self.summary(pairs, common, subject, other))
      if !pairs.isEmpty {
        DataTable(
          "Samples answered differently" + (pairs.count > Self.mostRows ? ", the first" : ""),
          columns: [
            .number("Index"), .text("Sample"), .text("Label"), .text(subject.rules.name),
            .text(other.rules.name),
          ],
          rows: pairs.prefix(Self.mostRows).map { first, second in
            [
              DataTable.Cell("\(first.index)"), DataTable.Cell(first.file),
              DataTable.Cell(subject.className(first.label)), answer(first), answer(second),
            ]
          }
        ).html
      }
    }
  }

  private static let mostRows = 500

  private static func summary(
    _ pairs: [(first: ReportSubject.Answer, second: ReportSubject.Answer)], _ common: Int,
    _ first: ReportSubject, _ second: ReportSubject
  ) -> String {
    let gained = pairs.count { $0.first.answer == $0.first.label }
    let lost = pairs.count { $0.second.answer == $0.second.label }
    return "\(DecimalText.grouped(pairs.count)) of \(DecimalText.grouped(common)) samples: "
      + "\(DecimalText.grouped(gained)) right under \(first.rules.name) only, "
      + "\(DecimalText.grouped(lost)) right under \(second.rules.name) only, "
      + "\(DecimalText.grouped(pairs.count - gained - lost)) wrong under both."
  }

  private func answer(_ sample: ReportSubject.Answer) -> DataTable.Cell {
    guard let answer = sample.answer else { return DataTable.Cell("") }
    let name = subject.className(answer)
    return DataTable.Cell(answer == sample.label ? "\(name), right" : name)
  }
}
