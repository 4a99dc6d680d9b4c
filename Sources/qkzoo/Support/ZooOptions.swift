import ArgumentParser
import BlobCache
import CanonicalJSON
import Conversion
import Diagnostics
import Evaluation
import FileAccess
import ModelZoo
import SpikingModels
import Synchronization
import Transfer

/// Where the zoo's entries come from.
struct ZooOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder with a zoo, a mirror's folder or its address, instead of the compiled-in entries.",
      valueName: "place"))
  var index: String?

  @Option(
    help: ArgumentHelp(
      "The public key that must have signed the index (default: this project's, if it is signed).",
      valueName: "file"))
  var indexKey: String?

  @OptionGroup var transfer: TransferFlags

  /// The zoo: of the place named, else the one that was compiled in.
  func load() throws -> ZooIndex { try local().index }

  /// The zoo, and what of it is on this machine.
  func local() throws -> LocalZoo {
    try Self.opened.withLock { opened in
      if let zoo = opened[index] { return zoo }
      let zoo = try open()
      opened[index] = zoo
      return zoo
    }
  }

  /// A command may ask for its zoo several times; it is fetched and read once.
  private static let opened = Mutex<[String?: LocalZoo]>([:])

  private func open() throws -> LocalZoo {
    let cache = { @Sendable in try Cache.ofUser() }
    guard let index else {
      guard indexKey == nil else { throw ValidationError("--index-key needs --index") }
      return LocalZoo(index: try .compiledIn(), cache: cache)
    }
    let (zoo, mirror) = try IndexPlace(place: index, key: indexKey, transfer: transfer).open()
    return LocalZoo(index: zoo, mirror: mirror, cache: cache)
  }

  /// The file of a model: the path itself, or an entry's file, which must be the one that the entry
  /// lists; that is checked before anything in it is parsed. A folder that happens to have the name of
  /// an entry does not hide it.
  func locate(_ model: String) throws -> (path: String, entry: ZooEntry?) {
    if Files.exists(model) {
      guard Files.isDirectory(model), try local().index.entry(model) != nil else {
        return (model, nil)
      }
    }
    let zoo = try local()
    let entry = try zoo.index.requiredEntry(model)
    return (try zoo.requiredPath(of: .checkpoint, in: entry), entry)
  }
}

extension ZooOptions {
  /// The configuration of a preset's name, or of an entry's.
  func preset(_ name: String) throws -> ConfigurationChoice {
    guard Preset.named(name) == nil, let entry = try local().index.entry(name) else {
      return try .preset(name)
    }
    return ConfigurationChoice(
      configuration: entry.configuration, source: "--preset \(entry.name)", name: entry.name,
      options: ["--preset", entry.name])
  }

  /// These options again, for a command that a message tells to paste.
  var options: [String] { index.map { ["--index", $0] } ?? [] }

  /// Labelled samples from a file, else the entry's test data; `nil` if there are neither.
  func samples(_ path: String?, of entry: ZooEntry?) throws -> LabelledSamples? {
    if let path { return try LabelledSamples(path: path) }
    guard let entry, let file = entry.file(.testData) else { return nil }
    let here = try local().requiredPath(of: .testData, in: entry)
    return try LabelledSamples(path: here, name: file.name)
  }
}

extension Cache {
  /// The user's cache.
  static func ofUser() throws -> Cache { try Cache(environment: Environment.value) }
}

/// How files are fetched.
struct TransferFlags: ParsableArguments {
  @Flag(
    help: "Use the network not at all (also QKZOO_OFFLINE=1).")
  var offline = false

  @Flag(help: "Allow http: beyond this machine.")
  var insecure = false

  /// The options for a file of at most `limit` bytes.
  func options(jobs: Int? = nil, limit: Int) -> TransferOptions {
    var options = TransferOptions(environment: Environment.value)
    options.isOffline = options.isOffline || offline
    options.allowsInsecure = insecure
    options.jobs = jobs ?? options.jobs
    options.limit = limit
    return options
  }
}
