import Diagnostics
public import FileAccess
public import SpikeTensors

/// A NumPy array file (`.npy`), versions 1 to 3, little-endian and in C order.
///
/// Corresponds to NumPy's `numpy.lib.format`.
public enum NumPyFile {
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  private static let headerLimit = 1 << 16

  /// The array in a file; `place` names it in errors.
  ///
  /// - Throws: `TensorFileFailure`, `TensorFailure`.
  public static func read(_ file: ByteRegion, at place: String) throws -> Tensor {
    guard file.count >= 12, file.part(0..<6).copy() == magic else {
      throw TensorFileFailure(
        .numpyHeader, at: place, expected: "a NumPy array", found: "other bytes")
    }
    let version = file.integer(at: 6, as: UInt8.self)
    let start = version == 1 ? 10 : 12
    let length =
      version == 1
      ? Int(file.integer(at: 8, as: UInt16.self)) : Int(file.integer(at: 8, as: UInt32.self))
    guard (1...3).contains(version), length <= headerLimit, length <= file.count - start,
      let header = file.text(start..<start + length)
    else {
      throw TensorFileFailure(
        .numpyHeader, at: place, expected: "a header of version 1 to 3",
        found: "version \(version), \(length) bytes")
    }
    let (type, shape) = try parse(header, place)
    return try Tensor(type, shape, file.part(start + length..<file.count), name: place)
  }

  /// Reads the header: a Python dictionary with exactly three members.
  private static func parse(_ header: String, _ place: String) throws -> (ElementType, [Int]) {
    guard let descr = member("descr", of: header, from: "'", to: "'"),
      let order = member("fortran_order", of: header, from: "", to: ","),
      let shapeText = member("shape", of: header, from: "(", to: ")")
    else {
      throw TensorFileFailure(
        .numpyHeader, at: place, expected: "descr, fortran_order and shape", found: header)
    }
    guard order.trimmingSpaces == "False", let type = types[descr] else {
      throw TensorFileFailure(
        .numpyType, at: place, expected: "a little-endian number in C order",
        found: "descr \(descr), fortran_order \(order.trimmingSpaces)")
    }
    let extents = shapeText.split(separator: ",").map { Int($0.trimmingSpaces) }
    guard !extents.contains(nil) else {
      throw TensorFileFailure(
        .numpyHeader, at: place, expected: "a shape of integers", found: shapeText)
    }
    return (type, extents.compactMap { $0 })
  }

  static let types: [String: ElementType] = [
    "<f4": .f32, "<f8": .f64, "<f2": .f16, "<i8": .i64, "<i4": .i32, "<i2": .i16, "|i1": .i8,
    "|u1": .u8, "<u8": .u64, "|b1": .bool,
  ]

  /// The text between two marks after a key.
  private static func member(
    _ key: String, of header: String, from opening: String, to closing: String
  ) -> String? {
    let parts = header.split(separator: "'\(key)':", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    var rest = parts[1]
    if !opening.isEmpty {
      rest = rest.drop { $0 == " " }
      guard rest.hasPrefix(opening) else { return nil }
      rest = rest.dropFirst(opening.count)
    }
    let pieces = rest.split(separator: closing, maxSplits: 1, omittingEmptySubsequences: false)
    return pieces.count == 2 ? String(pieces[0]) : nil
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
