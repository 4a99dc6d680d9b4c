public import CanonicalJSON
public import CheckpointFormat
import Diagnostics
public import Digests
import FileAccess
public import QKFormerModel
public import SpikeTensors

/// Makes a model of an imported file: configuration chosen, tensors at their canonical paths.
public struct ModelAssembly {
  /// The file.
  public let file: ImportedFile
  /// The tensors under upstream names.
  public let tensors: [String: Tensor]
  /// The digests of the file as a whole.
  public let digests: FileDigests

  /// Opens a file and reads one of its state dicts.
  ///
  /// - Throws: as `ImportedFile.open` and `ImportedFile.tensors(of:)`.
  public init(path: String, weights: String? = nil) throws {
    file = try ImportedFile.open(path)
    tensors = try file.tensors(of: weights)
    digests = try FileDigests(ofFile: path)
  }

  /// The weights-id of the tensors, whatever they are called.
  ///
  /// - Throws: nothing about the content.
  public func weightsID() throws -> Digest {
    let identifying = tensors.filter { !$0.key.hasSuffix("num_batches_tracked") }
    let digests = try identifying.digests()
    return ModelIdentity.weightsID(
      lines: identifying.compactMap { name, tensor in
        digests[name].map { ModelIdentity.line(tensor, $0) }
      })
  }

  /// What the BatchNorm layers counted in training, if all agree.
  public var batchCounter: Int? {
    let counters = Set(
      tensors.filter { $0.key.hasSuffix("num_batches_tracked") }.map { $0.value.bytes.copy() })
    guard let bytes = counters.first, counters.count == 1, bytes.count == 8 else { return nil }
    return Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// Chooses the configuration: what was asked for, else what our own exporter wrote into the file,
  /// else the entries that know the file, else what the file states.
  ///
  /// - Throws: `UndecidedConfiguration`, `ConfigurationFailure`.
  public func choose(
    explicit: ConfigurationChoice?, entries: [ConfigurationChoice]
  ) throws -> ConfigurationChoice {
    if let explicit { return explicit }
    if let own = try SafetensorsImport.configuration(file) { return own }
    if entries.count == 1 { return entries[0] }
    if entries.isEmpty, let stated = try StatedConfiguration.read(file) { return stated }
    throw UndecidedConfiguration(
      place: file.path, candidates: fittingPresets.map(\.name),
      evidence: summary)
  }

  /// What names and shapes alone decide, in one line.
  public var summary: String { TensorEvidence(tensors).summary }

  /// The presets whose inventory has exactly these tensors.
  public var fittingPresets: [Preset] {
    Preset.all.filter { findings($0.configuration).isEmpty }
  }

  /// What nobody stated.
  public static let noLicences: JSON = ["code": "none stated", "weights": "none stated"]

  /// The model under a configuration; `licences` go into the provenance.
  ///
  /// - Throws: `TensorsDoNotFit`, and `CheckpointFailure` if the file claims another model-id.
  public func checkpoint(
    _ choice: ConfigurationChoice, licences: JSON = noLicences
  ) throws -> Checkpoint {
    let findings = findings(choice.configuration)
    guard findings.isEmpty else {
      throw TensorsDoNotFit(findings: findings, source: choice.source)
    }
    let specifications = NetworkPlan(choice.configuration).parameters
    let parameters = specifications.compactMap { specification in
      tensor(specification).map { (specification.path, $0) }
    }
    let checkpoint = Checkpoint(
      configuration: choice.configuration,
      parameters: Dictionary(uniqueKeysWithValues: parameters),
      provenance: provenance(choice, licences))
    try checkClaim(checkpoint)
    return checkpoint
  }

  /// A model-id that travelled with the file's own configuration must be that of its content.
  private func checkClaim(_ checkpoint: Checkpoint) throws {
    guard let claim = file.recordedModelID,
      try SafetensorsImport.configuration(file)?.configuration == checkpoint.configuration
    else { return }
    let found = ModelIdentity(
      configuration: checkpoint.configuration, tensors: checkpoint.parameters,
      digests: try checkpoint.parameters.digests()
    ).modelID.hex
    guard found == claim else {
      throw CheckpointFailure(
        .digest, at: "\(file.path) \(SafetensorsImport.Key.modelID)", expected: claim, found: found)
    }
  }

  private func tensor(_ specification: ParameterSpecification) -> Tensor? {
    tensors[specification.upstreamName]
  }

  private func findings(_ configuration: QKFormerConfiguration) -> [CheckpointFailure] {
    ParameterCheck.findings(
      NetworkPlan(configuration).parameters,
      found: tensors.mapValues { ($0.elementType, $0.shape) }, place: file.path,
      name: \.upstreamName)
  }

  /// Where the model comes from, as inert JSON.
  private func provenance(_ choice: ConfigurationChoice, _ licences: JSON) -> JSON {
    var members: [String: JSON] = [
      "schema": "qkzoo.provenance/1",
      "source": [
        "name": .string(Files.name(of: file.path)), "container": .string(file.container.rawValue),
        "size": .integer(digests.size), "md5": .string(digests.md5.hex),
        "sha256": .string(digests.sha256.hex),
      ],
      "configuration_source": .string(choice.source),
      "training_arguments": file.arguments ?? .null,
      "facts": .object(file.facts),
      "dropped": [
        "tensors": .integer(file.dropped.tensors), "bytes": .integer(file.dropped.bytes),
      ],
      "licences": file.formerProvenance?["licences"] ?? licences,
    ]
    // One step back; the file that was imported then is named in it.
    members["derived_from"] = file.formerProvenance?.object.map { former in
      .object(former.filter { $0.key != "derived_from" })
    }
    return .object(members)
  }
}
