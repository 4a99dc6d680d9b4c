import SpikeTensors

/// One filter of a pipeline.
struct FilterDescription: Equatable {
  let id: Int
  /// Whether a writer may leave it out.
  let isOptional: Bool
  let parameters: [Int]

  /// What failures call it.
  var words: String { "\([id] + parameters)" + (isOptional ? " (optional)" : "") }
}

/// The header messages that say what the elements of a dataset or attribute are.
///
/// Corresponds to "Data Object Header Messages" of the HDF5 file format.
extension ByteCursor {
  /// Dataspace: the extent of each axis, fixed.
  mutating func shape() throws -> [Int] {
    try expect(2, "version")
    let rank = try byte()
    guard rank <= HDF5Limits.rank else {
      throw failure(.limit, expected: "at most \(HDF5Limits.rank) axes", found: "\(rank)")
    }
    try expect(rank == 0 ? 0 : 1, "flags")
    let kind = try byte()
    guard kind == (rank == 0 ? 0 : 1) else {
      throw failure(.extent, expected: "a scalar or axes", found: "kind \(kind) of rank \(rank)")
    }
    let extents = try (0..<rank).map { _ in try integer(8) }
    let maxima = try (0..<rank).map { _ in try integer(8) }
    guard maxima == extents else {
      throw failure(
        .extent, expected: "a fixed extent", found: "\(extents) that can grow to \(maxima)")
    }
    return try extents.map { extent in
      guard extent > 0, extent < UInt64(HDF5Limits.datasetBytes) else {
        throw failure(.extent, expected: "1 to 2^32 elements on an axis", found: "\(extent)")
      }
      return Int(extent)
    }
  }

  /// Datatype: one of the types that checkpoints use, by its exact bytes.
  mutating func type() throws -> HDF5Type {
    let head = Array(try take(8))
    if Array(head[..<4]) == HDF5Type.textHead {
      let length = head.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length > 0 else { throw failure(.type, expected: "text", found: "text of no bytes") }
      return .text(length: length)
    }
    let message = head + (try take(count))
    guard let element = HDF5Type.numbers[message] else {
      throw failure(
        .type, expected: "little-endian numbers or fixed-length UTF-8 text",
        found: HDF5Type.words(ofForeign: message))
    }
    return .number(element)
  }

  /// Filter pipeline: the filters in the order of writing.
  mutating func filters() throws -> [FilterDescription] {
    try expect(2, "version")
    return try (0..<byte()).map { _ in
      let id = try short()
      let nameCount = id < 256 ? 0 : try short()
      guard nameCount == 0 else {
        throw failure(.filter, expected: "filters without names", found: "\(nameCount) bytes")
      }
      let flags = try short()
      guard flags <= 1 else { throw failure(expected: "flags 0 or 1", found: "\(flags)") }
      let parameters = try (0..<short()).map { _ in Int(try integer(4)) }
      return FilterDescription(id: id, isOptional: flags == 1, parameters: parameters)
    }
  }
}

extension HDF5Type {
  /// The first bytes of a text's type: version 1, class 3, null-padded, UTF-8.
  static let textHead: [UInt8] = [0x13, 0x11, 0x00, 0x00]

  /// Every type of numbers by the bytes of its message.
  static let numbers: [[UInt8]: ElementType] = [
    integer(signed: true, bytes: 8): .i64, integer(signed: true, bytes: 4): .i32,
    integer(signed: true, bytes: 2): .i16, integer(signed: true, bytes: 1): .i8,
    integer(signed: false, bytes: 1): .u8, integer(signed: false, bytes: 8): .u64,
    float(bytes: 8, exponent: 11, bias: 1_023): .f64, float(bytes: 4, exponent: 8, bias: 127): .f32,
    float(bytes: 2, exponent: 5, bias: 15): .f16, float(bytes: 2, exponent: 8, bias: 127): .bf16,
  ]

  /// Version 1, class 0: little-endian, two's complement, all bits used.
  private static func integer(signed: Bool, bytes: UInt8) -> [UInt8] {
    [0x10, signed ? 0x08 : 0x00, 0, 0, bytes, 0, 0, 0, 0, 0, bytes * 8, 0]
  }

  /// Version 1, class 1: little-endian, implied leading bit, sign above exponent above mantissa.
  private static func float(bytes: UInt8, exponent: UInt8, bias: UInt16) -> [UInt8] {
    let mantissa = bytes * 8 - 1 - exponent
    return [
      0x11, 0x20, bytes * 8 - 1, 0, bytes, 0, 0, 0, 0, 0, bytes * 8, 0, mantissa, exponent, 0,
      mantissa, UInt8(bias & 0xFF), UInt8(bias >> 8), 0, 0,
    ]
  }

  /// What a type that checkpoints do not use is.
  static func words(ofForeign message: [UInt8]) -> String {
    let names = [
      "another integer type", "another float type", "a time", "another text type", "bits",
      "opaque bytes", "a compound", "a reference", "an enumeration", "a variable-length type",
      "an array type",
    ]
    let kind = Int(message[0] & 0x0F)
    let digits = message.prefix(20).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return (kind < names.count ? names[kind] : "class \(kind)") + ", \(digits)"
  }
}
