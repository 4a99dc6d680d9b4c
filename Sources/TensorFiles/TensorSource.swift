import Diagnostics
import FileAccess
public import SpikeTensors

/// A tensor on the command line: `FILE` or `FILE:tensor`, in `.safetensors`, `.npy` or `.npz`.
public enum TensorSource {
  /// Reads the tensor that a text names; a file with a single tensor needs no name, and in one with
  /// several `input` is the default.
  ///
  /// - Throws: `TensorFileFailure`, `FileFailure`, `JSONFailure`, `TensorFailure`.
  public static func read(_ text: String) throws -> Tensor {
    let (path, name) = split(text)
    let file = ByteRegion(try MappedFile(path: path))
    if path.hasSuffix(".npy") { return try NumPyFile.read(file, at: path) }
    if path.hasSuffix(".npz") { return try pick(name, try arrays(file, path), path) }
    if path.hasSuffix(".safetensors") {
      return try pick(name, try SafetensorsFile(file, at: path).tensors, path)
    }
    throw TensorFileFailure(
      .unknownContainer, at: path, expected: ".safetensors, .npy or .npz",
      found: Files.name(of: path))
  }

  /// Reads the array of a name in an `.npz` file.
  ///
  /// - Throws: `TensorFileFailure`, `FileFailure`, `TensorFailure`.
  public static func read(_ name: String, in path: String) throws -> Tensor {
    try pick(name, try arrays(ByteRegion(try MappedFile(path: path)), path), path)
  }

  private static func split(_ text: String) -> (path: String, name: String?) {
    guard !Files.exists(text), let colon = text.lastIndex(of: ":") else { return (text, nil) }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  private static func arrays(_ file: ByteRegion, _ path: String) throws -> [String: Tensor] {
    let archive = try ZipArchive(file, at: path, allowsDeflate: true)
    var arrays: [String: Tensor] = [:]
    for entry in archive.entries where entry.name.hasSuffix(".npy") {
      let bytes = try archive.checkedBytes(of: entry)
      arrays[String(entry.name.dropLast(4))] = try NumPyFile.read(
        bytes, at: "\(path):\(entry.name)")
    }
    return arrays
  }

  private static func pick(
    _ name: String?, _ tensors: [String: Tensor], _ path: String
  ) throws -> Tensor {
    if name == nil, tensors.count == 1, let only = tensors.first { return only.value }
    guard let tensor = tensors[name ?? "input"] else {
      throw TensorFileFailure(
        .noSuchTensor, at: path, expected: "a tensor `\(name ?? "input")`",
        found: "only " + tensors.keys.sorted().prefix(8).joined(separator: ", "))
    }
    return tensor
  }
}
