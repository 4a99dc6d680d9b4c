import CanonicalJSON
import CheckpointFormat
import Digests
import SpikingModels

/// What our exporters write beside the tensors, so that importing the file again gives the same
/// model.
struct ModelMetadata {
  /// The member of a PyTorch file that holds the strings; in safetensors they are `__metadata__`.
  static let member = "qkzoo"

  /// The keys of the strings.
  enum Key {
    static let configuration = "qkzoo.configuration"
    static let modelID = "qkzoo.model_id"
    static let weightsID = "qkzoo.weights_id"
    static let provenance = "qkzoo.provenance"
  }

  let configuration: JSON
  let provenance: JSON?
  /// A claim to check.
  let modelID: String?
  private let weightsID: String?

  init(_ checkpoint: Checkpoint, _ identity: ModelIdentity) throws {
    configuration = checkpoint.configuration.json
    provenance = try checkpoint.provenance
    modelID = identity.modelID.hex
    weightsID = identity.weightsID.hex
  }

  /// Reads the strings; `nil` if no configuration is among them.
  ///
  /// - Throws: `JSONFailure`.
  init?(_ strings: [String: String], at path: String) throws {
    func json(_ key: String) throws -> JSON? {
      try strings[key].map { try JSON(parsing: Array($0.utf8), at: "\(path) \(key)") }
    }
    let provenance = try json(Key.provenance)
    guard let configuration = try json(Key.configuration) else { return nil }
    self.configuration = configuration
    self.provenance = provenance
    modelID = strings[Key.modelID]
    weightsID = strings[Key.weightsID]
  }

  /// The strings to write.
  var strings: [String: String] {
    var strings = [Key.configuration: configuration.canonicalText]
    strings[Key.provenance] = provenance?.canonicalText
    strings[Key.modelID] = modelID
    strings[Key.weightsID] = weightsID
    return strings
  }

  /// The configuration as training arguments that state it.
  var arguments: JSON { [StatedConfiguration.key: configuration] }
}
