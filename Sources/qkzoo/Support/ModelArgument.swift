public import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Concurrency
import Conversion
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import SpikeInference
import SpikingModels

/// What a foreign file cannot say about itself.
struct ForeignOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The model's configuration, as JSON.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "A configuration that `qkzoo presets` lists, or that of a zoo entry.", valueName: "name"))
  var preset: String?

  @Option(
    help: ArgumentHelp("Which state dict, if the file has several.", valueName: "name"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "How tensors find their places: by name, or by order for a file with names of its own.",
      valueName: "name|order"))
  var match: TensorMatching = .name

  func validate() throws {
    if config != nil && preset != nil {
      throw ValidationError("--config and --preset exclude each other")
    }
  }

  /// A checkpoint of ours states its own configuration.
  func refuse(for path: String) throws {
    if config != nil || preset != nil || weights != nil || match != .name {
      throw ValidationError(
        "\(path) states its own configuration; "
          + "--config, --preset, --weights and --match are for foreign files")
    }
  }

  /// The configuration that was asked for.
  func explicit(_ zoo: ZooOptions) throws -> ConfigurationChoice? {
    if let config { return try .file(config) }
    return try preset.map { try zoo.preset($0) }
  }
}

/// A model, wherever it is.
struct ModelArgument: ParsableArguments {
  @Argument(help: "A path, an entry's name, or six or more digits of a model-id.")
  var model: String

  @OptionGroup var foreign: ForeignOptions
  @OptionGroup var zoo: ZooOptions

  @Flag(name: .customLong("no-verify"), help: "Do not check the bytes before using them.")
  var skipsVerification = false

  /// The files that are read to open the model, as far as the command line names them.
  var files: [String?] { [model, foreign.config] }

  /// Opens the model, with its entry if it was named by one; a checkpoint's bytes are verified
  /// unless the user says otherwise.
  func load() throws -> (checkpoint: Checkpoint, entry: ZooEntry?) {
    let (path, entry) = try zoo.locate(model)
    let checkpoint = try load(path)
    // Between the file's digest and its opening it may have become another.
    if let entry, !skipsVerification {
      try entry.configuration.require(checkpoint, at: path)
      try entry.requireModelID(checkpoint.identity().modelID, at: path)
    }
    return (checkpoint, entry)
  }

  private func load(_ path: String) throws -> Checkpoint {
    guard ModelFile.isCheckpoint(path) else {
      return try ModelFile.importModel(path, foreign, zoo).checkpoint
    }
    try foreign.refuse(for: path)
    guard skipsVerification else { return try CheckpointFile.openVerified(path).checkpoint() }
    let file = try CheckpointFile.open(path)
    StandardError.print("qkzoo: \(path): bytes not verified (--no-verify)")
    return try file.checkpoint()
  }
}

/// A foreign file that has become a model.
struct ImportedModel {
  let checkpoint: Checkpoint
  let assembly: ModelAssembly
  /// Who said what the configuration is.
  let source: String
  /// The zoo's entries that have this file or these weights, best first.
  let matches: @Sendable () throws -> [EntryMatch]

  /// The zoo's entry that has this file or these weights, and how it was recognised.
  func known() throws -> String? {
    try matches().first.map { "\($0.entry.name) by \($0.text)" }
  }

  /// The tensors' places in the model.
  var placement: TensorPlacement { assembly.placement(checkpoint.configuration) }
}

/// Files that hold a model.
enum ModelFile {
  /// Whether a path is one of our checkpoints, by suffix or by content.
  static func isCheckpoint(_ path: String) -> Bool {
    if path.hasSuffix(".h5") { return true }
    guard let file = try? MappedFile(path: path) else { return false }
    return ByteRegion(file, in: 0..<min(file.size, 4)).copy() == [0x89, 0x48, 0x44, 0x46]
  }

  /// Imports a foreign file.
  static func importModel(
    _ path: String, _ options: ForeignOptions, _ place: ZooOptions
  ) throws -> ImportedModel {
    let explicit = try options.explicit(place)
    let opening = Background { try place.local() }
    let assembly = try ModelAssembly(
      path: path, weights: options.weights, matching: options.match,
      // MD5 tells an official file: what it is, or that the order of its tensors is right.
      withMD5: explicit == nil || options.match == .order, zoo: place.options)
    let zoo = try opening.value()
    // The file's digests are known last: nobody waits for them who need not.
    let matches = { @Sendable [origin = assembly.origin, tensors = assembly.tensors] in
      try zoo.matches(digests: origin.digests(), weightsID: tensors.weightsID())
    }
    let choice = try assembly.choose(
      explicit: explicit,
      entries: try matches().map { match in
        ConfigurationChoice(
          configuration: match.entry.configuration,
          source: "zoo entry \(match.entry.name) (\(match.text))", name: match.entry.name)
      }, named: zoo.index.configurations)
    let checkpoint = try assembly.checkpoint(choice) {
      try matches().first?.entry.licencesJSON ?? ModelAssembly.noLicences
    }
    return ImportedModel(
      checkpoint: checkpoint, assembly: assembly, source: choice.source, matches: matches)
  }
}

/// How a model is run.
struct EngineOptions: ParsableArguments {
  @Option(
    help: """
      Which forward pass: fast, or reference; both give the same bits. The fast one takes the \
      fastest instructions of the processor, or those that QKZOO_KERNEL names: avx512, avx2, \
      neon or scalar.
      """)
  var engine: ForwardEngine = .fast

  @Option(help: ArgumentHelp("Threads of the fast engine (default: all cores).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...Self.mostThreads).contains(threads) {
      throw ValidationError("--threads must be from 1 to \(Self.mostThreads)")
    }
  }

  private static let mostThreads = 1024

  /// An engine for a model, with another scope if one is given.
  func prepare(
    _ checkpoint: Checkpoint, scope: NeuronScope? = nil,
    engine: ForwardEngine? = nil
  ) throws -> any ForwardPass {
    var configuration = checkpoint.configuration
    configuration.scope = scope ?? configuration.scope
    return try prepare(checkpoint, as: configuration, engine: engine)
  }

  /// An engine for a model's parameters under another configuration.
  func prepare(
    _ checkpoint: Checkpoint, as configuration: ModelConfiguration,
    engine: ForwardEngine? = nil
  ) throws -> any ForwardPass {
    try configuration.validate(at: "--scope")
    let graph = configuration.graph
    return try (engine ?? self.engine).prepare(
      graph, ModelWeights(graph, parameters: checkpoint.parameters), threads: threads,
      kernels: Environment.value("QKZOO_KERNEL"))
  }

  /// The processor's part in words, for what records the environment of a result.
  func words(_ engine: any ForwardPass) -> String {
    let fast = engine as? FastForward
    return fast.map { "fast engine, \($0.kernels.name), \($0.threads) threads" }
      ?? "reference engine"
  }
}

extension ForwardEngine: ExpressibleByArgument {}

extension Digest {
  /// The first twelve digits, for people.
  var short: String { String(hex.prefix(12)) }
}

extension NeuronScope: ExpressibleByArgument {}
extension CheckpointLayout: ExpressibleByArgument {}
extension TensorMatching: ExpressibleByArgument {}
extension Naming: ExpressibleByArgument {}
