import CanonicalJSON
import FileAccess
import TensorFiles

/// Safetensors as a checkpoint: one state dict, and our own metadata if we wrote it.
enum SafetensorsImport {
  /// Metadata keys that the exporter writes.
  enum Key {
    static let configuration = "qkzoo.configuration"
    static let modelID = "qkzoo.model_id"
    static let weightsID = "qkzoo.weights_id"
    static let provenance = "qkzoo.provenance"
  }

  static func open(_ file: ByteRegion, _ path: String) throws -> ImportedFile {
    let safetensors = try SafetensorsFile(file, at: path)
    let facts = safetensors.metadata.filter { !$0.key.hasPrefix("qkzoo.") }
    let configuration = try safetensors.metadata[Key.configuration].map {
      try JSON(parsing: Array($0.utf8), at: "\(path) \(Key.configuration)")
    }
    return ImportedFile(
      container: .safetensors, path: path, stateDictNames: [],
      facts: facts.mapValues { .string($0) },
      arguments: configuration.map { .object([StatedConfiguration.key: $0]) },
      formerProvenance: try safetensors.metadata[Key.provenance].map {
        try JSON(parsing: Array($0.utf8), at: "\(path) \(Key.provenance)")
      },
      recordedModelID: safetensors.metadata[Key.modelID], dropped: (0, 0),
      read: { _ in safetensors.tensors })
  }

  /// The configuration that our own exporter wrote.
  ///
  /// - Throws: `ConfigurationFailure`.
  static func configuration(_ file: ImportedFile) throws -> ConfigurationChoice? {
    guard file.container == .safetensors else { return nil }
    return try StatedConfiguration.read(file)
  }
}
