package import CheckpointFormat
import Diagnostics
package import Markup
package import SpikingModels

/// Firing rates of one recorded count, group by group.
package struct FiringRates {
  /// A group of neurons.
  struct Row {
    let group: NeuronGroup
    /// Spikes for each sample and neuron, by time step.
    let byStep: [Double]

    /// Spikes for each sample, neuron and time step.
    var mean: Double { byStep.reduce(0, +) / Double(byStep.count) }

    /// The part of the network, as in `stage1/block0`.
    var part: String { components.prefix(2).joined(separator: "/") }

    /// The place in the part, as in `expansion`.
    var label: String { components.dropLast().last ?? group.path }

    private var components: [String] { group.path.split(separator: "/").map(String.init) }
  }

  let rows: [Row]

  /// The rates: spikes over samples times neurons of the group. Groups that the model does not
  /// have, and those without counts, are left out.
  package init(_ record: Records.Firing, of configuration: ModelConfiguration) {
    rows = NetworkPlan(configuration).neurons.compactMap { group in
      guard let spikes = record.spikes[group.path], !spikes.isEmpty else { return nil }
      let chances = Double(record.count) * Double(group.count)
      return Row(group: group, byStep: spikes.map { Double($0) / chances })
    }
  }

  /// The rows by part, in the order of the forward pass.
  var parts: [(name: String, rows: [Row])] {
    rows.reduce(into: []) { parts, row in
      if parts.last?.name == row.part {
        parts[parts.count - 1].rows.append(row)
      } else {
        parts.append((row.part, [row]))
      }
    }
  }
}

extension FiringRates {
  /// One bar for each time step of each group; `id` is its own in the page.
  package func plot(id: String) -> HTML {
    BarPlot(
      id: id, title: "Firing rate of each group of neurons",
      description: "For each group one bar for each time step, first step on top, and the mean. "
        + "The table that follows has the numbers.",
      groups: parts.map { part in
        BarPlot.Group(
          part.name, part.rows.map { BarPlot.Row($0.label, values: $0.byStep, mean: $0.mean) })
      }
    ).html
  }

  /// The numbers.
  package func table(title: String) -> HTML {
    let steps = rows.map(\.byStep.count).max() ?? 0
    let columns =
      [.text("Neurons"), .text("Shape"), .number("Mean")]
      + (0..<steps).map { DataTable.Column.number("t = \($0 + 1)") }
    let cells = rows.map { row in
      let blanks = [String](repeating: "", count: steps - row.byStep.count)
      let cells =
        [row.group.path, row.group.shape.map { "\($0)" }.joined(separator: " × ")]
        + ([row.mean] + row.byStep).map { DecimalText.fixed($0, 4) } + blanks
      return cells.map { DataTable.Cell($0) }
    }
    return DataTable(title, .wide, columns: columns, rows: cells).html
  }
}

/// One count of spikes, and other counts on the same samples.
struct FiringCount {
  let record: Records.Firing
  var others: [Records.Firing] = []

  /// The first record of each dataset and evaluation, the later ones beside it.
  static func all(_ records: [Records.Firing]) -> [FiringCount] {
    records.reduce(into: []) { counts, record in
      let same = counts.firstIndex { count in
        (count.record.dataset, count.record.evaluation, count.record.count)
          == (record.dataset, record.evaluation, record.count)
      }
      if let same {
        counts[same].others.append(record)
      } else {
        counts.append(FiringCount(record: record))
      }
    }
  }

  /// How another count agrees with the one that is shown.
  func comparison(with other: Records.Firing) -> String {
    let paths = Set(record.spikes.keys).union(other.spikes.keys)
    let differing = paths.filter { record.spikes[$0] != other.spikes[$0] }.sorted()
    guard !differing.isEmpty else {
      return "Counted again by \(other.by): equal in every group and at every step."
    }
    let largest = differing.flatMap { path in
      zip(record.spikes[path] ?? [], other.spikes[path] ?? []).map { ($0 - $1).magnitude }
    }.max()
    return "Counted again by \(other.by): different in \(differing.count) of "
      + "\(paths.count) groups (\(differing.joined(separator: ", "))), "
      + "by at most \(largest ?? 0) spikes at a step. Shown is the count of \(record.by)."
  }
}
