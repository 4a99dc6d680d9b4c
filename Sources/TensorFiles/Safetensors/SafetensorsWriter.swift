import CanonicalJSON
import FileAccess
public import SpikeTensors

/// Writes safetensors files whose bytes depend on nothing but their content.
///
/// Order of the data: element size descending, then name bytewise, so that every tensor is aligned
/// to its element size; the header is canonical JSON, padded with spaces to a multiple of 8.
public enum SafetensorsWriter {
  /// Writes a file, replacing one that exists only when complete.
  ///
  /// - Throws: `FileFailure`.
  public static func write(
    _ tensors: [String: Tensor], metadata: [String: String], to path: String
  ) throws {
    let order = tensors.keys.sorted { left, right in
      let sizes = [left, right].map { tensors[$0]?.elementType.byteCount ?? 0 }
      return sizes[0] == sizes[1]
        ? left.utf8.lexicographicallyPrecedes(right.utf8) : sizes[0] > sizes[1]
    }
    var members: [String: JSON] = [:]
    if !metadata.isEmpty { members["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
    var offset = 0
    for name in order {
      guard let tensor = tensors[name] else { continue }
      members[name] = member(tensor, offset)
      offset += tensor.bytes.count
    }
    try AtomicFile.replace(path) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      try output.write(unsafe header(.object(members)).span.bytes)
      for name in order {
        try tensors[name]?.bytes.withBytes { try output.write($0) }
        tensors[name]?.bytes.releasePages()
      }
      try output.finish()
    }
  }

  private static func member(_ tensor: Tensor, _ offset: Int) -> JSON {
    let name = SafetensorsFile.typeNames.first { $0.1 == tensor.elementType }?.0 ?? ""
    return [
      "dtype": .string(name), "shape": .array(tensor.shape.map { .integer($0) }),
      "data_offsets": [.integer(offset), .integer(offset + tensor.bytes.count)],
    ]
  }

  private static func header(_ json: JSON) -> [UInt8] {
    var text = json.canonicalBytes
    text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return length + text
  }
}
