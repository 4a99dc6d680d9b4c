import Diagnostics
import FileAccess
public import SpikeTensors

extension NumPyFile {
  /// The header of an array file of version 1, so long that the elements start at a multiple of 64
  /// bytes.
  ///
  /// - Throws: `TensorFileFailure` for bfloat16, which NumPy lacks; `place` names the array.
  public static func header(
    _ type: ElementType, _ shape: [Int], at place: String
  ) throws -> [UInt8] {
    guard let descr = types.first(where: { $0.value == type })?.key else {
      throw TensorFileFailure(
        .numpyType, at: place, expected: "a type that NumPy has", found: type.rawValue)
    }
    let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(extents)), }"
    let fixed = magic.count + 4
    let padding = 63 - (fixed + text.utf8.count) % 64
    let count = text.utf8.count + padding + 1
    return magic + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
      + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
  }

  /// The bytes of an array file.
  ///
  /// - Throws: `TensorFileFailure` for bfloat16; `place` names the array.
  public static func bytes(of tensor: Tensor, at place: String) throws -> [UInt8] {
    try header(tensor.elementType, tensor.shape, at: place) + tensor.bytes.copy()
  }
}
