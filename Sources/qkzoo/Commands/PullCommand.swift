import ArgumentParser
import BlobCache
import CanonicalJSON
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import Transfer

/// Brings entries to this machine.
struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Fetch entries into the cache, checked; then their names work in every command.",
    discussion: """
      A file is accepted if its SHA-256, its MD5 sum or the weights in it are those of the entry. \
      Other containers are converted with the entry's configuration. An interrupted transfer goes on \
      when the command is run again.

      EXAMPLES
        qkzoo pull qkformer-digits
        qkzoo pull HST-10-384 --from checkpoint-199.pth
        qkzoo pull ms_qk_10-384_T4 --trust-first-use
      """)

  @Argument(help: "Names of entries, aliases or first digits of model-ids.")
  var entries: [String]

  @Option(help: ArgumentHelp("Take this copy, if it matches.", valueName: "file|address"))
  var from: String?

  @Option(help: ArgumentHelp("Connections at a time for one file.", valueName: "n"))
  var jobs: Int?

  @Option(help: ArgumentHelp("Which state dict, if the file has several.", valueName: "name"))
  var weights: String?

  @Flag(help: "Take the first copy where nothing is known that could recognise it.")
  var trustFirstUse = false

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if entries.isEmpty { throw ValidationError("name an entry; `qkzoo list` shows them") }
    if from != nil && entries.count > 1 { throw ValidationError("--from is for one entry") }
    if let jobs, !(1...32).contains(jobs) { throw ValidationError("--jobs must be from 1 to 32") }
  }

  /// An entry that is here now.
  private struct Pulled {
    let entry: ZooEntry
    let path: String
    /// What was done, in words.
    let how: String
    let witness: Witness?
  }

  func run() throws {
    let zoo = try zoo.local()
    let wanted = try entries.map { try zoo.index.requiredEntry($0) }
    format.print(report(try wanted.map { try pull($0, zoo) }))
  }

  private func pull(_ entry: ZooEntry, _ zoo: LocalZoo) throws -> Pulled {
    try pullData(entry, zoo)
    if let from { return try bring(from, entry, zoo) }
    let fetchable = try fetchable(entry, zoo)
    if let path = try unlessDamaged(fetchable != nil, { try zoo.checkpoint(of: entry) }) {
      let how = entry.availability == .embedded ? "part of this program" : "already here"
      return Pulled(entry: entry, path: path, how: how, witness: try zoo.witness(of: entry))
    }
    guard let (file, sources) = fetchable else { throw unavailable(entry) }
    return try fetch(file, sources, entry, zoo)
  }

  /// The checkpoint, or what one is made of, with its addresses.
  private func fetchable(
    _ entry: ZooEntry, _ zoo: LocalZoo
  ) throws -> (ZooEntry.File, [TransferSource])? {
    for role in [ZooEntry.File.Role.checkpoint, .upstream] {
      guard let file = entry.file(role) else { continue }
      let sources = try zoo.addresses(of: file, in: entry)
      if !sources.isEmpty { return (file, sources) }
    }
    return nil
  }

  /// A file that is here; a damaged one counts as missing if it can be had again.
  private func unlessDamaged(
    _ canBeFetched: Bool, _ find: () throws -> String?
  ) throws -> String? {
    do {
      return try find()
    } catch let failure as CacheFailure where failure.code == .damaged && canBeFetched {
      return nil
    }
  }

  private func fetch(
    _ file: ZooEntry.File, _ sources: [TransferSource], _ entry: ZooEntry, _ zoo: LocalZoo
  ) throws -> Pulled {
    if !file.isKnown && !trustFirstUse {
      throw ZooFailure(
        .unproven, at: entry.name,
        expected: "a published digest, or --trust-first-use to take what the address sends",
        found: "no digest of \(file.name) is known")
    }
    let blob = try transfer(file.wanted, sources, for: entry, zoo)
    if file.role == .checkpoint {
      return Pulled(
        entry: entry, path: blob.path, how: "fetched from \(blob.record.source)", witness: nil)
    }
    return try accept(blob, file.name, entry, zoo)
  }

  private func bring(_ place: String, _ entry: ZooEntry, _ zoo: LocalZoo) throws -> Pulled {
    if Files.exists(place) {
      return try accept(
        place, place, Files.name(of: place), "taken from \(place)", entry, zoo)
    }
    let address = try LocalZoo.address(place)
    let wanted = WantedFile(name: address.fileName)
    let blob = try transfer(wanted, [TransferSource(address)], for: entry, zoo)
    return try accept(blob, address.fileName, entry, zoo)
  }

  /// Accepts what was fetched; what is refused is removed unless it was here before.
  private func accept(
    _ blob: CachedBlob, _ name: String, _ entry: ZooEntry, _ zoo: LocalZoo
  ) throws -> Pulled {
    let source = blob.record.source
    do {
      return try accept(blob.path, source, name, "fetched from \(source)", entry, zoo)
    } catch {
      if blob.isNew { try zoo.cache.remove(blob.record.sha256) }
      throw error
    }
  }

  private func accept(
    _ path: String, _ place: String, _ name: String, _ how: String, _ entry: ZooEntry,
    _ zoo: LocalZoo
  ) throws -> Pulled {
    let witness = try Acceptance(
      entry: entry, zoo: zoo, weights: weights, trustsFirstUse: trustFirstUse, place: place
    ).accept(path, name: name)
    guard let checkpoint = try zoo.checkpoint(of: entry) else { throw unavailable(entry) }
    return Pulled(
      entry: entry, path: checkpoint, how: "\(how), accepted by \(witness.grounds.rawValue)",
      witness: witness)
  }

  /// The data that an entry's records were measured on, where they can be had.
  private func pullData(_ entry: ZooEntry, _ zoo: LocalZoo) throws {
    guard let file = entry.file(.testData) else { return }
    let sources = try zoo.addresses(of: file, in: entry)
    let path = try unlessDamaged(!sources.isEmpty) { try zoo.path(of: file, in: entry) }
    if path == nil, !sources.isEmpty {
      _ = try transfer(file.wanted, sources, for: entry, zoo)
    }
  }

  private func transfer(
    _ file: WantedFile, _ sources: [TransferSource], for entry: ZooEntry, _ zoo: LocalZoo
  ) throws -> CachedBlob {
    let options = self.zoo.transfer.options(jobs: jobs, limit: entry.transferLimit)
    let line = TransferLine(file.name)
    defer { line.end() }
    do {
      return try Cancellation.bySignals { cancellation in
        try zoo.cache.fetch(
          file, from: sources, options: options, cancellation: cancellation, progress: line.show)
      }
    } catch let failure as TransferFailure where failure.code == .tooLarge {
      throw TransferFailure(
        .tooLarge, at: failure.place, expected: "\(failure.expected), for \(entry.name)",
        found: "\(failure.found); a larger copy that is on this machine: --from FILE")
    }
  }

  private func unavailable(_ entry: ZooEntry) -> ZooFailure {
    let hint =
      entry.isRecognisable
      ? "; a copy is accepted by \(entry.accepted): qkzoo pull \(entry.name) --from FILE"
      : "; no digest is known, so a copy is taken on your word: "
        + "qkzoo pull \(entry.name) --from FILE --trust-first-use"
    let states = entry.sources.map { "\($0.kind) \($0.stateText)" }
    return ZooFailure(
      .unavailable, at: entry.name, expected: "an address that a program can fetch",
      found: (states.isEmpty ? "none" : states.joined(separator: ", ")) + hint)
  }

  private func report(_ pulled: [Pulled]) -> Report {
    var table = TextTable()
    for item in pulled {
      table.add(item.entry.name, item.how)
      table.add("", item.path)
    }
    return Report(
      "pull",
      [
        "entries": .array(
          pulled.map { item in
            [
              "entry": .string(item.entry.name), "path": .string(item.path),
              "how": .string(item.how), "witness": item.witness?.json ?? .null,
            ]
          })
      ], text: table.text)
  }
}
