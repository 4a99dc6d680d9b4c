public import CheckpointFormat
import FileAccess
import SpikeTensors
public import SpikingModels
import TensorFiles

/// Writes a model as `torch.save` would, under the names of a code base.
///
/// The state dict is the member that the released code of the model's family reads, `state_dict` in other
/// code bases. Configuration,
/// identities and provenance are strings in a member of their own, so that importing the file
/// again gives the same model. PyTorch's safe mode (`weights_only=True`) reads all of it.
public enum TorchExport {
  /// The folder inside the archive; a constant, so that the bytes do not depend on the file's name.
  private static let root = "archive"

  /// Writes the file, replacing one that exists only when complete, and returns the identity of
  /// what it wrote.
  ///
  /// - Throws: `FileFailure`, `CheckpointFindings`, `TensorFileFailure` for 4 GiB or more,
  ///   `ConfigurationFailure` if the code base has no such model.
  @discardableResult
  public static func write(
    _ checkpoint: Checkpoint, to path: String, naming: Naming = .released
  ) throws -> ModelIdentity {
    try checkpoint.validate(at: path)
    let identity = try checkpoint.identity()
    let tensors = try checkpoint.tensors(named: naming, at: path)
    let metadata = try ModelMetadata(checkpoint, identity)
    var entries = [(name: "\(root)/data.pkl", bytes: pickle(tensors, metadata, checkpoint, naming))]
    entries.append(("\(root)/byteorder", ByteRegion(Array("little".utf8))))
    for (index, (_, tensor)) in tensors.enumerated() {
      entries.append(("\(root)/data/\(index)", tensor.bytes))
    }
    entries.append(("\(root)/version", ByteRegion(Array("3\n".utf8))))
    try ZipWriter.write(entries, to: path)
    return identity
  }

  private static func pickle(
    _ tensors: [(name: String, tensor: Tensor)], _ metadata: ModelMetadata,
    _ checkpoint: Checkpoint, _ naming: Naming
  ) -> ByteRegion {
    var writer = PickleWriter()
    writer.dictionary { root in
      root.text(naming == .released ? checkpoint.configuration.design.stateDictName : "state_dict")
      root.dictionary(ordered: true) { state in
        for (index, (name, tensor)) in tensors.enumerated() {
          state.text(name)
          state.tensor(
            PickleWriter.StoredTensor(
              storageName: PickleGlobal.storageName(of: tensor.elementType), key: "\(index)",
              shape: tensor.shape, count: tensor.count))
        }
      }
      root.text(ModelMetadata.member)
      root.dictionary { own in
        for (key, text) in metadata.strings.sorted(by: { $0.key < $1.key }) {
          own.text(key)
          own.text(text)
        }
      }
    }
    writer.finish()
    return ByteRegion(writer.bytes)
  }
}
