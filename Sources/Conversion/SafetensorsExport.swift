public import CheckpointFormat
import Digests
import FileAccess
import SpikeTensors
import SpikingModels
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
    let identity = try checkpoint.identity()
    try SafetensorsWriter.write(
      Dictionary(uniqueKeysWithValues: checkpoint.namedTensors),
      metadata: try ModelMetadata(checkpoint, identity).strings, to: path)
    return identity
  }
}
