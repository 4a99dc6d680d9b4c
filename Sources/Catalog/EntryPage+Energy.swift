import Markup
import ModelZoo

extension EntryPage {
  /// Energy, one table for each convention: figures of different conventions do not compare.
  @HTMLBuilder var energy: HTML {
    let figures = entry.figures.filter { $0.metric == .energy }
    if figures.isEmpty {
      Frame.paragraph("No energy of this model is known.")
    } else {
      Frame.paragraph(
        "Energy of one inference. Conventions count differently and differ by factors, so figures "
          + "compare only within one table.")
    }
    for convention in conventions(figures) {
      element("h3") { "Convention: \(convention)" }
      Self.meaning(convention).map(Frame.paragraph)
      table(figures.filter { ($0.convention ?? Self.unnamed) == convention }, convention)
    }
  }

  private static let unnamed = "not stated"

  private func conventions(_ figures: [Figure]) -> [String] {
    figures.map { $0.convention ?? Self.unnamed }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  /// Corresponds to `EnergyEstimate.Convention`.
  private static func meaning(_ convention: String) -> String? {
    switch convention {
    case "paper":
      "As the paper counts: an integer input counts as that many accumulates, the first "
        + "convolution is charged once as multiply-accumulates, the classifier is left out."
    case "strict":
      "Only inputs of zeros and ones are event-driven: integer inputs make a layer "
        + "multiply-accumulate at every step, the first convolution is charged at every step, the "
        + "classifier once."
    default: nil
    }
  }

  private func table(_ figures: [Figure], _ convention: String) -> HTML {
    let whole = figures.filter { $0.part == nil } + figures.filter { $0.part != nil }
    return DataTable(
      "Energy, convention \(convention)",
      columns: [
        .text("Part"), .number("Energy"), .text("By"), .text("Setting"), .text("Source"),
      ],
      rows: whole.map { figure in
        [
          DataTable.Cell(figure.part ?? "whole network"), DataTable.Cell(figure.html),
          DataTable.Cell(figure.by.rawValue), DataTable.Cell(figure.settingText),
          DataTable.Cell(
            HTML.linked(figure.source + (figure.remark.map { " (\($0))" } ?? ""))),
        ]
      }
    ).html
  }
}
