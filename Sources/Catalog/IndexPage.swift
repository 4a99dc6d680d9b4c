import Diagnostics
import Markup
import ModelZoo
import SpikingModels

/// The table of entries.
struct IndexPage {
  let entries: [ZooEntry]

  var page: Page {
    Frame.page(
      Frame.index, title: "QKFormer model zoo",
      description: "Every published QKFormer checkpoint: where it is, how it is recognised, and "
        + "what was reported and measured of it.", script: SortScript.script
    ) {
      element("h1") { "QKFormer model zoo" }
      introduction
      table
      Frame.section("key", "What the words mean") { key }
    }
  }

  @HTMLBuilder private var introduction: HTML {
    element("p", .class("lead")) {
      "\(entries.count) checkpoints of QKFormer spiking transformers: where each can be had, how "
      "its file is recognised, and what is said of it, by whom. Figures are kept apart by who "
      "stands behind them."
    }
    if entries.contains(where: \.leaks) {
      element("p", .class("notice")) {
        "Most printed accuracies depend on how images were batched. "
        element("a", .href(.local(Frame.batchLeak))) { "Why, and by how much" }
        "."
      }
    }
  }

  private var table: HTML {
    DataTable(
      "Entries: what can be had first, then what must be brought",
      columns: [
        .text("Entry"), .text("Dataset"), .number("T"), .number("Parameters"),
        .number("MACs a step"), .text("Available"),
      ] + Figure.Speaker.allCases.map { .number("Top-1 \($0.rawValue)") },
      rows: entries.map(row)
    ).html
  }

  private func row(_ entry: ZooEntry) -> [DataTable.Cell] {
    let name = HTML([
      element("a", .href(.local(Frame.path(of: entry)))) { entry.name },
      element("span", .class("title")) { entry.title },
    ])
    let rank = ZooEntry.Availability.allCases.firstIndex(of: entry.availability) ?? 0
    return [
      DataTable.Cell(name, sortedBy: entry.name), DataTable.Cell(entry.dataset),
      DataTable.Cell("\(entry.configuration.timeSteps)"),
      DataTable.Cell(
        DecimalText.grouped(entry.parameterCount), sortedBy: "\(entry.parameterCount)"),
      DataTable.Cell(
        Self.macs(entry.accumulatesPerStep), sortedBy: "\(entry.accumulatesPerStep)"),
      DataTable.Cell(
        element("span", .class("state")) { entry.availability.rawValue }, sortedBy: "\(rank)"),
    ] + Figure.Speaker.allCases.map { Self.top1(entry, $0) }
  }

  /// Every value that a speaker states, largest last in the order of sorting.
  private static func top1(_ entry: ZooEntry, _ speaker: Figure.Speaker) -> DataTable.Cell {
    let values = entry.values(of: .top1, by: speaker)
    let texts = values.map(\.text).reduce(into: [String]()) { texts, text in
      if !texts.contains(text) { texts.append(text) }
    }
    let lines = texts.map { text in element("span", .class("value")) { text + " %" } }
    return DataTable.Cell(
      HTML(lines), sortedBy: values.map(\.value).max().map { "\($0)" } ?? "")
  }

  /// Multiply-accumulates in millions, from a thousand millions on in those.
  static func macs(_ count: Int) -> String {
    count < 1_000_000_000
      ? DecimalText.fixed(Double(count) / 1e6, 3) + " M"
      : DecimalText.fixed(Double(count) / 1e9, 3) + " G"
  }

  @HTMLBuilder private var key: HTML {
    element("h3") { "Who stands behind a figure" }
    Frame.definitions(Figure.Speaker.allCases.map { ($0.rawValue, HTML($0.words)) })
    element("h3") { "How a checkpoint can be had" }
    Frame.definitions(ZooEntry.Availability.allCases.map { ($0.rawValue, HTML($0.words)) })
    element("p") {
      "MACs are multiply-accumulates of one time step at the nominal input size. Where one "
      "speaker states several accuracies, all are listed; the entry's page gives the setting of each."
    }
  }
}

extension ZooEntry {
  /// Whether state runs from sample to sample of a batch.
  var leaks: Bool {
    configuration.scope == .batch
  }
}
