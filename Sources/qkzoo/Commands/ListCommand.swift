import Diagnostics
import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Digests
import ModelZoo
import Transfer

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
        qkzoo list --where 'reported.top1>75 and availability=unchecked'
        qkzoo list --check-links
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

  @Flag(help: "Ask every address that a program can fetch whether it still answers.")
  var checkLinks = false

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func run() throws {
    let query = try condition.map { try EntryQuery($0) }
    let known = try zoo.load().entries.filter { entry in
      (dataset == nil || entry.dataset == dataset) && query?.matches(entry) ?? true
    }
    let ordered = known.sorted { ($0.availability, $0.name) < ($1.availability, $1.name) }
    let shown = all || query != nil ? ordered : ordered.filter { $0.availability < .bring }
    let links = checkLinks ? try shown.flatMap { try self.links(of: $0) } : nil
    format.print(report(shown, hidden: known.count - shown.count, links))
  }

  /// What an address answered.
  private struct Link {
    let entry: String
    let address: String
    let isLive: Bool
    let answer: String
  }

  private func links(of entry: ZooEntry) throws -> [Link] {
    try entry.sources.filter(\.isFetchable).map { source in
      let (isLive, answer) = try ask(source.address)
      return Link(entry: entry.name, address: source.address, isLive: isLive, answer: answer)
    }
  }

  private func ask(_ address: String) throws -> (isLive: Bool, answer: String) {
    do {
      let source = try zoo.local().source(try Address(address))
      switch try AddressProbe.ask(source, options: zoo.transfer.options()) {
      case .live(let size): return (true, size.map { "\($0.grouped) bytes" } ?? "answers")
      case .refused(let status): return (false, "status \(status)")
      }
    } catch let failure as TransferFailure where failure.code != .library {
      return (false, "\(failure.name): \(failure.found)")
    }
  }

  private func report(_ entries: [ZooEntry], hidden: Int, _ links: [Link]?) -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "AVAILABLE", "TOP-1", "TITLE")
    for entry in entries {
      table.add(
        entry.name, entry.parameterCount.grouped, entry.availability.rawValue, Self.top1(entry),
        entry.title)
    }
    let more = hidden > 0 ? "\n\(hidden) more whose checkpoint must be brought: --all" : ""
    var members: [String: JSON] = [
      "entries": .array(entries.map(Self.json)), "hidden": .integer(hidden),
    ]
    members["links"] = links.map { .array($0.map(Self.json)) }
    return Report(
      "list", members,
      text: entries.isEmpty
        ? "no entry\(hidden > 0 ? "" : " meets that")" + more
        : table.text + more + (links.map(Self.text) ?? ""))
  }

  /// What was measured here, else what was reported.
  private static func top1(_ entry: ZooEntry) -> String {
    for speaker in [Figure.Speaker.measured, .reported, .independent] {
      if let value = entry.values(of: .top1, by: speaker).first {
        return "\(value.text) % \(speaker.rawValue)"
      }
    }
    return "-"
  }

  private static func text(_ links: [Link]) -> String {
    var table = TextTable()
    for link in links {
      table.add(link.isLive ? "live" : "dead", link.entry, link.answer, link.address)
    }
    return links.isEmpty ? "\n\nno address to ask" : "\n\n" + table.text
  }

  private static func json(_ link: Link) -> JSON {
    [
      "entry": .string(link.entry), "address": .string(link.address), "live": .bool(link.isLive),
      "answer": .string(link.answer),
    ]
  }

  private static func json(_ entry: ZooEntry) -> JSON {
    let figures = Figure.Speaker.allCases.map { speaker in
      (
        speaker.rawValue,
        JSON.array(entry.values(of: .top1, by: speaker).map { .number($0.value) })
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
