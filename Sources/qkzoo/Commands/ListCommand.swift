import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Digests
import ModelZoo

/// The zoo.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the zoo: what can be had now, with --all the rest too.",
    discussion: """
      EXAMPLES
        qkzoo list
        qkzoo list --all --dataset in1k
      """)

  @Flag(help: "Also show entries whose checkpoint must be brought.")
  var all = false

  @Option(help: "Only entries of this dataset.")
  var dataset: String?

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func run() throws {
    let known = try zoo.load().entries.filter { dataset == nil || $0.dataset == dataset }
    let ordered = known.filter(\.isAvailable) + known.filter { !$0.isAvailable }
    let shown = all ? ordered : known.filter(\.isAvailable)
    format.print(report(shown, hidden: known.count - shown.count))
  }

  private func report(_ entries: [ZooEntry], hidden: Int) -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "AVAILABLE", "ACCURACY", "TITLE")
    for entry in entries {
      table.add(
        entry.name, entry.parameterCount.grouped, availability(entry), accuracy(entry),
        entry.title)
    }
    let more = hidden > 0 ? "\n\(hidden) more whose checkpoint must be brought: --all" : ""
    return Report(
      "list", ["entries": .array(entries.map(json)), "hidden": .integer(hidden)],
      text: table.text + more)
  }

  private func availability(_ entry: ZooEntry) -> String {
    if let source = entry.sources.first(where: { $0.state == "live" }) { return source.kind }
    let isUnreleased = entry.sources.contains { $0.state == "never released" }
    return isUnreleased ? "never released" : "bring your own"
  }

  private func accuracy(_ entry: ZooEntry) -> String {
    if let record = entry.records.accuracy.first(where: { $0.source == .measured }) {
      return "\(record.value.percent) measured"
    }
    return entry.reported.first.map { "\($0.value) \($0.unit) reported" } ?? "-"
  }

  private func json(_ entry: ZooEntry) -> JSON {
    [
      "name": .string(entry.name), "aliases": .array(entry.aliases.map { .string($0) }),
      "title": .string(entry.title), "dataset": .string(entry.dataset),
      "parameters": .integer(entry.parameterCount), "available": .bool(entry.isAvailable),
      "model_id": .optional(entry.modelID?.hex), "weights_id": .optional(entry.weightsID?.hex),
    ]
  }
}
