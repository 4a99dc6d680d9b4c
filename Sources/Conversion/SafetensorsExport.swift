public import CheckpointFormat
import Digests
import FileAccess
import SpikeTensors
public import SpikingModels
import TensorFiles

/// Writes a model as safetensors under the names of a code base.
///
/// Configuration, identities and provenance travel as metadata, so that importing the file again
/// gives the same model.
public enum SafetensorsExport {
  /// Writes the file, replacing one that exists only when complete, and returns the identity of what
  /// it wrote.
  ///
  /// - Throws: `FileFailure`, `CheckpointFindings`, `ConfigurationFailure` if the code base has no such
  ///   model.
  @discardableResult
  public static func write(
    _ checkpoint: Checkpoint, to path: String, naming: Naming = .released
  ) throws -> ModelIdentity {
    try checkpoint.validate(at: path)
    let identity = try checkpoint.identity()
    try SafetensorsWriter.write(
      Dictionary(uniqueKeysWithValues: try checkpoint.tensors(named: naming, at: path)),
      metadata: try ModelMetadata(checkpoint, identity).strings, to: path)
    return identity
  }
}
