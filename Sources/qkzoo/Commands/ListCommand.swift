import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import ModelZoo
import Transfer

/// The zoo.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the zoo: what can be had first, with --all also what must be brought.",
    discussion: """
      `here` marks what is on this machine already. \
      A condition compares fields: name, dataset, availability (embedded, live, unchecked, bring, \
      unreleased), licence.code, licence.weights, parameters, accumulates_per_step, family (imagenet, \
      cifar, dvs), residual (spike_addition, membrane_shortcut), scope (sample, batch), depth, width, time_steps, image_size, classes, and top1, top5 and energy by whoever says \
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
    let local = try zoo.local()
    let entries = local.index.entries
    try requireDataset(of: entries)
    let known = entries.filter { isOfDataset($0) && query?.matches($0) ?? true }
    let ordered = known.sorted { ($0.availability, $0.name) < ($1.availability, $1.name) }
    let here = Set(known.filter(local.hasCheckpoint).map(\.name))
    let shown =
      all || query != nil
      ? ordered : ordered.filter { $0.availability < .bring || here.contains($0.name) }
    let links = checkLinks ? try shown.flatMap { try self.links(of: $0) } : nil
    format.print(report(shown, here, hidden: known.count - shown.count, links))
  }

  /// A dataset by the zoo's name of it, or by that of `eval run`.
  private func isOfDataset(_ entry: ZooEntry) -> Bool {
    dataset == nil || [entry.dataset, entry.datasetName].contains(dataset)
  }

  private func requireDataset(of entries: [ZooEntry]) throws {
    guard let dataset, !entries.isEmpty, !entries.contains(where: isOfDataset) else { return }
    let names = Set(entries.map(\.dataset)).sorted().joined(separator: ", ")
    throw ValidationError("--dataset must be one of \(names), not \(dataset)")
  }

  /// What an address answered.
  private struct Link {
    enum State: String {
      case live
      /// Something else answered than the file.
      case dead
      /// Nothing answered, which may be this machine's fault.
      case unreachable
    }

    let entry: String
    let address: String
    let state: State
    let answer: String
  }

  private func links(of entry: ZooEntry) throws -> [Link] {
    try entry.sources.filter(\.isFetchable).map { source in
      let (state, answer) = try ask(source.address)
      return Link(entry: entry.name, address: source.address, state: state, answer: answer)
    }
  }

  private func ask(_ address: String) throws -> (Link.State, answer: String) {
    do {
      let source = try zoo.local().source(try Address(address))
      switch try AddressProbe.ask(source, options: zoo.transfer.options(limit: 0)) {
      case .live(let size): return (.live, size.map { "\($0.grouped) bytes" } ?? "answers")
      case .refused(let status): return (.dead, "status \(status)")
      }
    } catch let failure as TransferFailure where failure.code != .library {
      return (.unreachable, "\(failure.name): \(failure.found)")
    }
  }

  private func report(
    _ entries: [ZooEntry], _ here: Set<String>, hidden: Int, _ links: [Link]?
  ) -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "AVAILABLE", "TOP-1", "TITLE")
    // What is part of this program is always here.
    func isMarked(_ entry: ZooEntry) -> Bool {
      entry.availability != .embedded && here.contains(entry.name)
    }
    for entry in entries {
      table.add(
        entry.name, entry.parameterCount.grouped,
        entry.availability.rawValue + (isMarked(entry) ? ", here" : ""),
        Self.top1(entry), entry.title)
    }
    let more: PrintedText =
      hidden > 0 ? "\n\(hidden) more whose checkpoint must be brought: --all" : ""
    let none: PrintedText = hidden > 0 ? "no entry" : "no entry meets that"
    var members: [String: JSON] = [
      "entries": .array(entries.map { Self.json($0, isHere: here.contains($0.name)) }),
      "hidden": .integer(hidden),
    ]
    members["links"] = links.map { .array($0.map(Self.json)) }
    return Report(
      "list", members,
      text: entries.isEmpty
        ? none + more : "\(table.text)\(more)\(links.map(Self.text) ?? "")")
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

  private static func text(_ links: [Link]) -> PrintedText {
    var table = TextTable()
    for link in links {
      table.add(link.state.rawValue, link.entry, link.answer, link.address)
    }
    return links.isEmpty ? "\n\nno address to ask" : "\n\n" + table.text
  }

  private static func json(_ link: Link) -> JSON {
    [
      "entry": .string(link.entry), "address": .string(link.address),
      "live": .bool(link.state == .live), "state": .string(link.state.rawValue),
      "answer": .string(link.answer),
    ]
  }

  private static func json(_ entry: ZooEntry, isHere: Bool) -> JSON {
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
      "availability": .string(entry.availability.rawValue), "here": .bool(isHere),
      "top1": .object(Dictionary(uniqueKeysWithValues: figures)),
      "model_id": .optional(entry.modelID?.hex), "weights_id": .optional(entry.weightsID?.hex),
    ]
  }
}
