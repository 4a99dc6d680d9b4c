import CanonicalJSON
import FileAccess
import TensorFiles

/// Safetensors as a checkpoint: one state dict, and our own metadata if we wrote it.
enum SafetensorsImport {
  static func open(_ file: ByteRegion, _ path: String) throws -> ImportedFile {
    let safetensors = try SafetensorsFile(file, at: path)
    let facts = safetensors.metadata.filter { !$0.key.hasPrefix("qkzoo.") }
    let own = try ModelMetadata(safetensors.metadata, at: path)
    return ImportedFile(
      container: .safetensors, path: path, stateDictNames: [],
      facts: facts.mapValues { .string($0) }, arguments: own?.arguments, own: own,
      read: { _ in
        let tensors = safetensors.tensors.map { (name: $0.key, tensor: $0.value) }
        return .init(tensors: tensors.sorted { $0.name < $1.name }, dropped: (0, 0))
      })
  }
}
