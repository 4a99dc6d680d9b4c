public import CheckpointFormat
import CanonicalJSON
import Digests
import FileAccess
import QKFormerModel
import SpikeTensors
import TensorFiles

/// Writes a model as safetensors under the released code's names.
///
/// Configuration, identities and provenance travel as metadata, so that importing the file again
/// gives the same model.
public enum SafetensorsExport {
  /// Writes the file, replacing one that exists only when complete, and returns the identity of what
  /// it wrote.
  ///
  /// - Throws: `FileFailure`, `CheckpointFindings`.
  @discardableResult
  public static func write(_ checkpoint: Checkpoint, to path: String) throws -> ModelIdentity {
    try checkpoint.validate(at: path)
    let identity = ModelIdentity(
      configuration: checkpoint.configuration, tensors: checkpoint.parameters,
      digests: try checkpoint.parameters.digests())
    let named = checkpoint.plan.parameters.compactMap { specification in
      checkpoint.parameters[specification.path].map { (specification.upstreamName, $0) }
    }
    let metadata = [
      SafetensorsImport.Key.configuration: checkpoint.configuration.json.canonicalText,
      SafetensorsImport.Key.modelID: identity.modelID.hex,
      SafetensorsImport.Key.weightsID: identity.weightsID.hex,
      SafetensorsImport.Key.provenance: checkpoint.provenance.canonicalText,
    ]
    try SafetensorsWriter.write(
      Dictionary(uniqueKeysWithValues: named), metadata: metadata, to: path)
    return identity
  }
}
