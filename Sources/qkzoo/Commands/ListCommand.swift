import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Digests
import ModelZoo

/// The zoo.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the zoo: what can be had first, with --all also what must be brought.",
    discussion: """
      A condition compares fields: name, dataset, availability (embedded, live, unchecked, bring, \
      unreleased), licence.code, licence.weights, parameters, accumulates_per_step, family, residual, \
      scope, depth, width, time_steps, image_size, classes, and top1, top5 and energy by whoever says \
      so: reported.top1, log.top1, independent.top1, measured.top1 and so on.

      EXAMPLES
        qkzoo list
        qkzoo list --all --dataset in1k
        qkzoo list --where 'reported.top1>75 and availability=live'
      """)

  @Flag(help: "Also show entries whose checkpoint must be brought or was never released.")
  var all = false

  @Option(help: "Only entries of this dataset.")
  var dataset: String?

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp("Only entries that meet a condition; implies --all.", valueName: "condition")
  )
  var condition: String?

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func run() throws {
    let query = try condition.map { try EntryQuery($0) }
    let known = try zoo.load().entries.filter { entry in
      (dataset == nil || entry.dataset == dataset) && query?.matches(entry) ?? true
    }
    let ordered = known.sorted { ($0.availability, $0.name) < ($1.availability, $1.name) }
    let shown = all || query != nil ? ordered : ordered.filter { $0.availability < .bring }
    format.print(report(shown, hidden: known.count - shown.count))
  }

  private func report(_ entries: [ZooEntry], hidden: Int) -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "AVAILABLE", "TOP-1", "TITLE")
    for entry in entries {
      table.add(
        entry.name, entry.parameterCount.grouped, entry.availability.rawValue, Self.top1(entry),
        entry.title)
    }
    let more = hidden > 0 ? "\n\(hidden) more whose checkpoint must be brought: --all" : ""
    return Report(
      "list", ["entries": .array(entries.map(Self.json)), "hidden": .integer(hidden)],
      text: entries.isEmpty
        ? "no entry\(hidden > 0 ? "" : " meets that")" + more : table.text + more)
  }

  /// What was measured here, else what was reported.
  private static func top1(_ entry: ZooEntry) -> String {
    for speaker in [Figure.Speaker.measured, .reported, .independent] {
      if let value = entry.values(of: .top1, by: speaker).first {
        return "\(value.formatted(2)) % \(speaker.rawValue)"
      }
    }
    return "-"
  }

  private static func json(_ entry: ZooEntry) -> JSON {
    let figures = Figure.Speaker.allCases.map { speaker in
      (
        speaker.rawValue,
        JSON.array(entry.values(of: .top1, by: speaker).map { .number($0) })
      )
    }
    return [
      "name": .string(entry.name), "aliases": .array(entry.aliases.map { .string($0) }),
      "title": .string(entry.title), "dataset": .string(entry.dataset),
      "parameters": .integer(entry.parameterCount),
      "accumulates_per_step": .integer(entry.accumulatesPerStep),
      "availability": .string(entry.availability.rawValue),
      "top1": .object(Dictionary(uniqueKeysWithValues: figures)),
      "model_id": .optional(entry.modelID?.hex), "weights_id": .optional(entry.weightsID?.hex),
    ]
  }
}
