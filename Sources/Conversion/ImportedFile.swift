public import CanonicalJSON
import CheckpointFormat
import Diagnostics
import FileAccess
import QKFormerModel
public import SpikeTensors

/// A foreign checkpoint that has been opened: its state dicts, and what it says about itself.
public struct ImportedFile {
  /// The kind of container.
  public enum Container: String, Sendable {
    /// `torch.save`, zip archive.
    case torch
    /// Safetensors.
    case safetensors
  }

  /// The kind of container.
  public let container: Container
  /// Where it is.
  public let path: String
  /// The names under which the file holds state dicts; empty for a bare one.
  public let stateDictNames: [String]
  /// Plain values beside the weights (`epoch`, `arch`, ...), inert.
  public let facts: [String: JSON]
  /// The training arguments, inert.
  public let arguments: JSON?
  /// The provenance that our own exporter wrote.
  let formerProvenance: JSON?
  /// The model-id that our own exporter wrote: a claim to check.
  let recordedModelID: String?
  /// Tensors beside the weights that are not taken over, and their bytes.
  public let dropped: (tensors: Int, bytes: Int)
  private let read: (String?) throws -> [String: Tensor]

  init(
    container: Container, path: String, stateDictNames: [String], facts: [String: JSON],
    arguments: JSON?, formerProvenance: JSON? = nil, recordedModelID: String? = nil,
    dropped: (tensors: Int, bytes: Int),
    read: @escaping (String?) throws -> [String: Tensor]
  ) {
    self.container = container
    self.path = path
    self.stateDictNames = stateDictNames
    self.facts = facts
    self.arguments = arguments
    self.formerProvenance = formerProvenance
    self.recordedModelID = recordedModelID
    self.dropped = dropped
    self.read = read
  }

  /// Opens a `.pth`, `.pt`, `.pth.tar` or `.safetensors` file by its content.
  ///
  /// - Throws: `TorchFailure`, `TensorFileFailure`, `JSONFailure`, `FileFailure`.
  public static func open(_ path: String) throws -> ImportedFile {
    let file = ByteRegion(try MappedFile(path: path))
    return path.hasSuffix(".safetensors")
      ? try SafetensorsImport.open(file, path) : try TorchImport.open(file, path)
  }

  /// The tensors of a state dict under the names that the file gives them, without `module.`.
  ///
  /// - Parameter name: which state dict; may be left out if there is one.
  /// - Throws: `TorchFailure` if there are several and none is named, and what reading throws.
  public func tensors(of name: String?) throws -> [String: Tensor] {
    let chosen = try choose(name)
    let tensors = try read(chosen)
    let prefix = "module."
    guard tensors.keys.allSatisfy({ $0.hasPrefix(prefix) }) else { return tensors }
    return Dictionary(
      uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }

  private func choose(_ name: String?) throws -> String? {
    let names = stateDictNames.joined(separator: ", ")
    if let name {
      guard stateDictNames.contains(name) else {
        throw TorchFailure(
          .stateDict, at: path, expected: "one of \(names)", found: "--weights \(name)")
      }
      return name
    }
    guard stateDictNames.count <= 1 else {
      throw TorchFailure(
        .stateDict, at: path, expected: "--weights with one of \(names)", found: "no choice")
    }
    return stateDictNames.first
  }
}
