public import CanonicalJSON
import CheckpointFormat
import Diagnostics
import FileAccess
public import SpikeTensors
import SpikingModels

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
  /// What our own exporter wrote beside the tensors.
  let own: ModelMetadata?
  /// Reads a state dict that was chosen.
  private let read: (String?) throws -> StateDict

  /// One state dict of a file.
  public struct StateDict {
    /// The tensors in the order of the file; a safetensors file has none.
    let tensors: [(name: String, tensor: Tensor)]
    /// Tensors of the file that are not taken over with it, and their bytes: other state dicts,
    /// optimizers, counters of wrappers.
    public internal(set) var dropped: (tensors: Int, bytes: Int)
    /// Its name, where the file has others too.
    public internal(set) var choice: String?
  }

  init(
    container: Container, path: String, stateDictNames: [String],
    facts: [String: JSON],
    arguments: JSON?, own: ModelMetadata? = nil,
    read: @escaping (String?) throws -> StateDict
  ) {
    self.container = container
    self.path = path
    self.stateDictNames = stateDictNames
    self.facts = facts
    self.arguments = arguments
    self.own = own
    self.read = read
  }

  /// Opens a `.pth`, `.pt`, `.pth.tar` or `.safetensors` file by its content; a fetched file has no
  /// suffix.
  ///
  /// - Throws: `TorchFailure`, `TensorFileFailure`, `JSONFailure`, `FileFailure`.
  public static func open(_ path: String) throws -> ImportedFile {
    try open(ByteRegion(MappedFile(path: path)), path)
  }

  /// The same of a file that is mapped already.
  static func open(_ file: ByteRegion, _ path: String) throws -> ImportedFile {
    path.hasSuffix(".safetensors") || beginsAsSafetensors(file)
      ? try SafetensorsImport.open(file, path) : try TorchImport.open(file, path)
  }

  /// The length of a JSON object that is in the file, and its first byte: no file of PyTorch has a
  /// brace there.
  private static func beginsAsSafetensors(_ file: ByteRegion) -> Bool {
    guard file.count > 8 else { return false }
    let start = file.part(0..<9).copy()
    let length = start[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return start[8] == UInt8(ascii: "{") && length <= UInt64(file.count - 8)
  }

  /// The tensors of a state dict under the names that the file gives them, without those of wrappers.
  ///
  /// - Parameter name: which state dict; may be left out if there is one.
  /// - Throws: `TorchFailure` if there are several and none is named, and what reading throws.
  public func tensors(of name: String?) throws -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: try stateDict(name).tensors.map { ($0.name, $0.tensor) })
  }

  /// A state dict under the names of the model inside any wrappers.
  ///
  /// - Parameter name: which one; may be left out if there is one.
  /// - Throws: as `tensors(of:)`.
  public func stateDict(_ name: String? = nil) throws -> StateDict {
    let choice = try choose(name)
    let found = try read(choice)
    let (tensors, ofWrapper) = WrappedNames.unwrapped(found.tensors)
    let dropped = (
      tensors: found.dropped.tensors + ofWrapper.count,
      bytes: found.dropped.bytes + ofWrapper.reduce(0) { $0 + $1.bytes.count }
    )
    return StateDict(
      tensors: tensors, dropped: dropped, choice: stateDictNames.count > 1 ? choice : nil)
  }

  private func choose(_ name: String?) throws -> String? {
    let names = stateDictNames.joined(separator: ", ")
    if let name {
      guard !stateDictNames.isEmpty else {
        throw TorchFailure(
          .stateDict, at: path, expected: "no --weights: the file is one state dict without a name",
          found: "--weights \(name)")
      }
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
