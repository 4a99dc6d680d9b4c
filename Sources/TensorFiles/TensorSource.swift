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
    if path.hasSuffix(".npy") {
      guard let name else { return try NumPyFile.read(file, at: path) }
      throw TensorFileFailure(
        .noSuchTensor, at: path, expected: "no name: the file is one tensor", found: "`\(name)`")
    }
    if path.hasSuffix(".npz") { return try array(name, in: file, path) }
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
    try array(name, in: ByteRegion(try MappedFile(path: path)), path)
  }

  /// The file that a text names.
  public static func path(of text: String) -> String { split(text).path }

  private static func split(_ text: String) -> (path: String, name: String?) {
    guard !Files.exists(text), let colon = text.lastIndex(of: ":") else { return (text, nil) }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  /// Only the array that is asked for is inflated.
  private static func array(
    _ name: String?, in file: ByteRegion, _ path: String
  ) throws -> Tensor {
    let archive = try ZipArchive(file, at: path, allowsDeflate: true)
    let suffix = ".npy"
    let entries = archive.entries.filter { $0.name.hasSuffix(suffix) }.map { entry in
      (String(entry.name.dropLast(suffix.count)), entry)
    }
    let entry = try pick(name, Dictionary(entries) { first, _ in first }, path)
    return try NumPyFile.read(try archive.checkedBytes(of: entry), at: "\(path):\(entry.name)")
  }

  private static func pick<Value>(
    _ name: String?, _ values: [String: Value], _ path: String
  ) throws -> Value {
    if name == nil, values.count == 1, let only = values.first { return only.value }
    guard let value = values[name ?? "input"] else {
      let names = values.keys.sorted().prefix(8).joined(separator: ", ")
      throw TensorFileFailure(
        .noSuchTensor, at: path, expected: "a tensor `\(name ?? "input")`",
        found: "only \(names)" + (name == nil ? "; name one as in FILE:NAME" : ""))
    }
    return value
  }
}
