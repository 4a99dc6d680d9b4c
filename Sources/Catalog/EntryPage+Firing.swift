import CheckpointFormat
import Diagnostics
import Markup
import ModelZoo
import SpikingModels

extension EntryPage {
  /// Rates that were counted, then rates that somebody states.
  @HTMLBuilder var firing: HTML {
    if counts.isEmpty && stated.isEmpty {
      Frame.paragraph("No firing rate of this model is known.")
    }
    for (index, count) in counts.enumerated() { counted(count, number: index + 1) }
    if !stated.isEmpty { reported }
  }

  private var counts: [FiringCount] { FiringCount.all(entry.records.firing) }

  // MARK: Counted

  @HTMLBuilder private func counted(_ count: FiringCount, number: Int) -> HTML {
    let record = count.record
    let rates = FiringRates(record, of: entry.configuration)
    element("h3") { "Counted: \(record.dataset), \(record.evaluation)" }
    element("p") {
      "Every spike over \(DecimalText.grouped(record.count)) samples, counted by \(record.by)."
    }
    for other in count.others { Frame.paragraph(count.comparison(with: other)) }
    element("p") {
      "A rate is spikes over samples times neurons of the group. One bar for each time step, "
      "first step on top; the number and the line across are the mean over the steps."
    }
    rates.plot(id: "firing-\(number)")
    element("details") {
      element("summary") { "The rates as a table" }
      rates.table(title: "Firing rates, \(record.dataset), \(record.evaluation)")
    }
  }

  // MARK: Stated

  private var stated: [Figure] { entry.figures.filter { $0.metric == .firingRate } }

  @HTMLBuilder private var reported: HTML {
    element("h3") { "Stated" }
    BarPlot(
      id: "firing-stated", title: "Firing rates that somebody states",
      description: "One bar for each part. The table that follows has the sources.",
      groups: groups(stated)
    ).html
    element("details") {
      element("summary") { "The rates and their sources as a table" }
      DataTable(
        "Firing rates that somebody states",
        columns: [.text("Part"), .number("Rate"), .text("By"), .text("Source"), .text("Remark")],
        rows: stated.map { figure in
          [
            DataTable.Cell(figure.part ?? "whole network"), DataTable.Cell(figure.html),
            DataTable.Cell(figure.by.rawValue), DataTable.Cell(HTML.linked(figure.source)),
            DataTable.Cell(HTML.linked(figure.remark ?? "")),
          ]
        }
      ).html
    }
  }

  /// The figures under who says so and the stage, if their part begins with one.
  private func groups(_ figures: [Figure]) -> [BarPlot.Group] {
    let named = figures.map { figure -> (title: String, row: BarPlot.Row) in
      let words = (figure.part ?? "whole network").split(separator: " ").map(String.init)
      let isStage = words.count > 2 && words[0] == "stage"
      let title = figure.by.rawValue + (isStage ? ", stage \(words[1])" : "")
      let label = words.dropFirst(isStage ? 2 : 0).joined(separator: " ")
      return (title, BarPlot.Row(label, values: [figure.value], mean: figure.value))
    }
    var titles: [String] = []
    for title in named.map(\.title) where !titles.contains(title) { titles.append(title) }
    return titles.map { title in
      BarPlot.Group(title, named.filter { $0.title == title }.map(\.row))
    }
  }
}
