public import CanonicalJSON
public import CheckpointFormat
import Concurrency
import Diagnostics
public import Digests
import FileAccess
import SpikeTensors
public import SpikingModels

/// Makes a model of an imported file: configuration chosen, tensors at their canonical paths.
public struct ModelAssembly {
  /// The file.
  public let file: ImportedFile
  /// The command that would convert this file again.
  let command: ConversionCommand
  /// How its tensors find their places.
  public let matching: TensorMatching
  /// They, under the names of the file.
  public let tensors: ImportedTensors
  /// Tensors of the file that are not taken over, and their bytes.
  public let dropped: (tensors: Int, bytes: Int)
  /// What is said of the file.
  public let origin: FileOrigin

  /// Opens a file and reads one of its state dicts.
  ///
  /// - Parameters:
  ///   - withMD5: whether the MD5 sum of the file is needed, by which the official files are known.
  ///   - digests: those of the file, if they are known already.
  ///   - zoo: options that say which zoo it is, for the commands that errors tell to paste.
  /// - Throws: as `ImportedFile.open` and `ImportedFile.tensors(of:)`; `TorchFailure` if tensors are
  ///   to be matched by order and the file has none.
  public init(
    path: String, weights: String? = nil, matching: TensorMatching = .name,
    withMD5: Bool = true, digests: FileDigests? = nil, zoo: [String] = []
  ) throws {
    let bytes = ByteRegion(try MappedFile(path: path))
    // The whole file takes longest; it is hashed beside everything else.
    let hashing = Background { try digests ?? FileDigests(of: bytes, withMD5: withMD5) }
    let file = try ImportedFile.open(bytes, path)
    self.file = file
    guard matching == .name || file.container == .torch else {
      throw TorchFailure(
        .stateDict, at: path, expected: "a state dict, which has an order, to match by order",
        found: "\(file.container.rawValue)")
    }
    self.matching = matching
    command = ConversionCommand(path: path, weights: weights, zoo: zoo)
    let state = try file.stateDict(weights)
    dropped = state.dropped
    origin = FileOrigin(file, state, digests: hashing)
    tensors = ImportedTensors(state.tensors)
  }

  /// Chooses the configuration: what was asked for, else what our own exporter wrote into the file,
  /// else the entries that know the file, if they agree, else what the file states.
  ///
  /// - Parameter named: what a user could have meant, beside the presets.
  /// - Throws: `UndecidedConfiguration`, `ConfigurationFailure`, and what `entries` throws.
  public func choose(
    explicit: ConfigurationChoice?, entries: @autoclosure () throws -> [ConfigurationChoice],
    named: [String: ModelConfiguration] = [:]
  ) throws -> ConfigurationChoice {
    if let explicit { return explicit }
    if let own = try ownConfiguration() { return own }
    let entries = try entries()
    if let first = entries.first,
      entries.allSatisfy({ $0.configuration == first.configuration })
    {
      return first
    }
    if entries.isEmpty, let stated = try StatedConfiguration.read(file) { return stated }
    let known = entries.map(\.source)
    let (candidates, matching) = fitting(beside: named)
    throw UndecidedConfiguration(
      place: file.path, candidates: candidates,
      evidence: ([summary] + known).joined(separator: "; "), matching: matching, command: command)
  }

  /// What names and shapes alone decide, in one line.
  public var summary: String {
    TensorEvidence(tensors).summary
  }

  /// The presets whose inventory has exactly these tensors.
  public var fittingPresets: [Preset] {
    fittingPresets(matching)
  }

  private func fittingPresets(_ matching: TensorMatching) -> [Preset] {
    Preset.all.filter { fits($0.configuration, matching) }
  }

  /// The names of the presets, then of other configurations, whose inventory has exactly these tensors,
  /// by name, or else by order.
  private func fitting(
    beside named: [String: ModelConfiguration]
  ) -> (names: [String], matching: TensorMatching) {
    let names = fittingNames(beside: named, matching)
    guard names.isEmpty, couldMatchByOrder else { return (names, matching) }
    return (fittingNames(beside: named, .order), .order)
  }

  private func fittingNames(
    beside named: [String: ModelConfiguration], _ matching: TensorMatching
  ) -> [String] {
    let others = named.filter { name, configuration in
      Preset.named(name) == nil && fits(configuration, matching)
    }
    return fittingPresets(matching).map(\.name) + others.keys.sorted()
  }

  /// Whether the inventory of a configuration has exactly these tensors; their number mostly decides.
  private func fits(_ configuration: ModelConfiguration, _ matching: TensorMatching) -> Bool {
    TensorPlacement.couldFit(tensors.named.count, configuration)
      && placement(configuration, matching).findings.isEmpty
  }

  /// What nobody stated.
  public static let noLicences: JSON = ["code": "none stated", "weights": "none stated"]

  /// The model under a configuration; `licences` go into the provenance, which waits for the digests
  /// of the file.
  ///
  /// - Throws: `TensorsDoNotFit`, and `CheckpointFailure` if the file claims another model-id.
  public func checkpoint(
    _ choice: ConfigurationChoice, licences: @escaping @Sendable () throws -> JSON = { noLicences }
  ) throws -> Checkpoint {
    let placement = placement(choice.configuration)
    guard placement.findings.isEmpty else {
      throw TensorsDoNotFit(
        findings: placement.findings, source: choice.source,
        advice: advice(on: placement.findings, choice))
    }
    let checkpoint = Checkpoint(
      configuration: choice.configuration, parameters: placement.tensors,
      provenance: { [origin, naming = placement.naming] in
        try origin.provenance(configuration: choice.source, naming, licences: try licences())
      },
      digests: { [tensors, pairs = placement.pairs] in
        let digests = try tensors.digests()
        return Dictionary(
          uniqueKeysWithValues: pairs.compactMap { pair in
            digests[pair.part].map { (pair.specification.path, $0) }
          })
      })
    try checkClaim(checkpoint)
    return checkpoint
  }

  /// A model-id that travelled with the file's own configuration must be that of its content.
  private func checkClaim(_ checkpoint: Checkpoint) throws {
    guard let claim = file.own?.modelID,
      try ownConfiguration()?.configuration == checkpoint.configuration
    else { return }
    let found = try checkpoint.identity().modelID.hex
    guard found == claim else {
      throw CheckpointFailure(
        .digest, at: "\(file.path) \(ModelMetadata.Key.modelID)", expected: claim, found: found)
    }
  }

  /// The configuration that our own exporter wrote.
  private func ownConfiguration() throws -> ConfigurationChoice? {
    file.own == nil ? nil : try StatedConfiguration.read(file)
  }

  /// The tensors at their places under a configuration.
  public func placement(_ configuration: ModelConfiguration) -> TensorPlacement {
    placement(configuration, matching)
  }

  func placement(
    _ configuration: ModelConfiguration, _ matching: TensorMatching
  ) -> TensorPlacement {
    switch matching {
    case .name: .byName(tensors.named, configuration, at: file.path)
    case .order: .byOrder(tensors.named, configuration, at: file.path)
    }
  }
}
