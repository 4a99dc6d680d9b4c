import Catalog
import Diagnostics
import Evaluation
import Markup

extension ReportPage {
  /// Rates of every group at every step.
  @HTMLBuilder var firing: HTML {
    let rates = FiringRates(subject.firing, of: subject.configuration)
    Frame.paragraph(
      "Every spike over \(DecimalText.grouped(subject.answers.count)) samples. A rate is spikes "
        + "over samples times neurons of the group. One bar for each time step, first step on top; "
        + "the number and the line across are the mean over the steps.")
    rates.plot(id: "firing-plot")
    element("details") {
      element("summary") { "The rates as a table" }
      rates.table(title: "Firing rates on \(subject.data)")
    }
  }

  /// A table of all conventions, then one of their parts.
  @HTMLBuilder var energy: HTML {
    Frame.paragraph(
      "Of one sample, the mean over the samples. Conventions count differently and differ by "
        + "factors: figures of different conventions do not compare.")
    wholeTable
    partTable
    if subject.energies.allSatisfy({ $0.measuredOn == nil }) {
      Frame.paragraph(
        "Conventions that count synapses are missing: an evaluation does not count them. "
          + "`qkzoo stats --json` on the same samples does, and `qkzoo report --stats` takes it.")
    }
  }

  private var wholeTable: HTML {
    DataTable(
      "Operations and energy by convention",
      columns: [
        .text("Convention"), .number("ACs"), .number("MACs"), .number("mJ"), .text("Charged"),
        .text("Defined by"),
      ],
      rows: subject.energies.map { energy in
        [
          DataTable.Cell(energy.convention), Self.count(energy.whole.accumulates),
          Self.count(energy.whole.multiplyAccumulates), Self.energy(energy.whole.millijoules),
          DataTable.Cell(energy.costs.words + (energy.measuredOn.map { "; on \($0)" } ?? "")),
          DataTable.Cell(energy.source),
        ]
      }
    ).html
  }

  private var partTable: HTML {
    let names = subject.energies.first?.parts.map(\.name) ?? []
    return DataTable(
      "Energy by part of the network, mJ", .wide,
      columns: [.text("Part")] + subject.energies.map { .number($0.convention) },
      rows: names.map { name in
        [DataTable.Cell(name)]
          + subject.energies.map { energy in
            energy.parts.first { $0.name == name }.map { Self.energy($0.amount.millijoules) }
              ?? DataTable.Cell("")
          }
      }
    ).html
  }

  private static func count(_ value: Double) -> DataTable.Cell {
    DataTable.Cell(DecimalText.grouped(value))
  }

  private static func energy(_ value: Double) -> DataTable.Cell {
    DataTable.Cell(DecimalText.fixed(value, value < 0.1 ? 6 : 3))
  }
}
