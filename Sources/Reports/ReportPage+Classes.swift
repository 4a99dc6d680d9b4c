import Catalog
import Diagnostics
import Evaluation
import Markup

extension ReportPage {
  /// Shares by class, and what is taken for what.
  @HTMLBuilder var classes: HTML {
    let metrics = subject.metrics
    if metrics.classes.count <= Self.mostColumns {
      confusion(metrics)
      element("details") {
        element("summary") { "Accuracy by class" }
        byClass(metrics)
      }
    } else {
      mistakes(metrics)
      element("details") {
        element("summary") { "Accuracy by class" }
        byClass(metrics)
      }
    }
  }

  /// A matrix of more classes is not read by anybody.
  private static let mostColumns = 20

  private func confusion(_ metrics: Metrics) -> HTML {
    let answers = Set(metrics.confusion.keys.map(\.answer))
    let labels = answers.union(metrics.classes.map(\.label)).sorted()
    return DataTable(
      "Confusion: rows are labels, columns are answers", .wide,
      columns: [.text("Label")] + labels.map { .number(subject.className($0)) },
      rows: labels.map { label in
        let count = metrics.classes.first { $0.label == label }?.top1.count ?? 0
        return [DataTable.Cell(subject.className(label))]
          + labels.map { answer in
            cell(metrics.confusion[.init(label: label, answer: answer)] ?? 0, of: count)
          }
      }
    ).html
  }

  /// A count, shaded by its share of the row in five steps.
  private func cell(_ count: Int, of all: Int) -> DataTable.Cell {
    guard count > 0, all > 0 else { return DataTable.Cell("") }
    let step = min(5, 1 + count * 5 / all)
    return DataTable.Cell(element("span", .class("shade s\(step)")) { DecimalText.grouped(count) })
  }

  private func mistakes(_ metrics: Metrics) -> HTML {
    let wrong = metrics.confusion.filter { $0.key.label != $0.key.answer }.sorted {
      ($1.value, $0.key.label, $0.key.answer) < ($0.value, $1.key.label, $1.key.answer)
    }
    return DataTable(
      "The most frequent mistakes, of \(DecimalText.grouped(wrong.reduce(0) { $0 + $1.value }))",
      columns: [.text("Label"), .text("Answer"), .number("Samples")],
      rows: wrong.prefix(30).map { pair, count in
        [
          DataTable.Cell(subject.className(pair.label)),
          DataTable.Cell(subject.className(pair.answer)),
          DataTable.Cell(DecimalText.grouped(count)),
        ]
      }
    ).html
  }

  private func byClass(_ metrics: Metrics) -> HTML {
    DataTable(
      "Accuracy by class",
      columns: [
        .text("Class"), .number("Samples"), .number("Right"), .number("Top-1"), .number("Top-5"),
      ],
      rows: metrics.classes.map { share in
        [
          DataTable.Cell(subject.className(share.label)),
          DataTable.Cell(DecimalText.grouped(share.top1.count)),
          DataTable.Cell(DecimalText.grouped(share.top1.correct)),
          DataTable.Cell(ReportText.share(share.top1)),
          DataTable.Cell(ReportText.percent(share.top5.value) + " %"),
        ]
      }
    ).html
  }
}
