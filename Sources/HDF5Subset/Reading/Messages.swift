import SpikeTensors

/// The header messages of groups and attributes, and those that say nothing.
///
/// Corresponds to "Data Object Header Messages" of the HDF5 file format.
extension ByteCursor {
  private static let utf8 = 1

  /// A name of plain ASCII, so that none is resolved as a path and no two compare equal.
  private func plainName(_ bytes: ArraySlice<UInt8>) throws -> String {
    let isPlain = bytes.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
      default: false
      }
    }
    let name = String(decoding: bytes, as: UTF8.self)
    guard isPlain, name != ".", name != "..",
      (1...HDF5Limits.nameLength).contains(bytes.count)
    else {
      throw failure(
        .name, expected: "1 to \(HDF5Limits.nameLength) ASCII letters, digits, `_`, `-` and `.`",
        found: "`\(name.prefix(40))`")
    }
    return name
  }

  /// A hard link: a name and the address of an object header.
  mutating func link() throws -> (name: String, address: UInt64) {
    try expect(1, "version")
    let flags = try byte()
    guard flags & ~0b1_1011 == 0 else {
      throw failure(expected: "no creation order", found: "flags 0x\(String(flags, radix: 16))")
    }
    let kind = flags & 0b1000 == 0 ? 0 : try byte()
    if flags & 0b1_0000 != 0, try byte() > Self.utf8 {
      throw failure(expected: "a name in ASCII or UTF-8", found: "another encoding")
    }
    let count = try integer(1 << (flags & 0b11))
    guard count <= UInt64(self.count) else {
      throw failure(expected: "a name inside the message", found: "\(count) bytes")
    }
    let name = try take(Int(count))
    guard kind == 0 else {
      throw failure(.link, expected: "a hard link", found: try foreignLink(kind))
    }
    return (try plainName(name), try integer(8))
  }

  /// What a link that is not a hard one is, and where it leads.
  private mutating func foreignLink(_ kind: Int) throws -> String {
    let words =
      switch kind {
      case 1: "a soft link"
      case 64: "an external link"
      default: "a user-defined link of kind \(kind)"
      }
    let target = String(decoding: try take(try short()).prefix(80), as: UTF8.self)
    return "\(words) to `\(target)`"
  }

  /// A text attribute: its name and its bytes.
  mutating func attribute() throws -> (name: String, text: [UInt8]) {
    try expect(3, "version")
    try expect(0, "flags")
    let (nameCount, typeCount, spaceCount) = (try short(), try short(), try short())
    guard try byte() <= Self.utf8 else {
      throw failure(expected: "a name in ASCII or UTF-8", found: "another encoding")
    }
    let nameBytes = try take(nameCount)
    guard nameBytes.last == 0 else {
      throw failure(expected: "a name that ends with a null byte", found: "another name")
    }
    let name = try plainName(nameBytes.dropLast())
    var typeBlock = try block(typeCount, part: part, code: .message)
    var spaceBlock = try block(spaceCount, part: part, code: .message)
    guard case .text(let length) = try typeBlock.type() else {
      throw failure(.type, expected: "a text", found: "numbers `\(name)`")
    }
    guard try spaceBlock.shape().isEmpty else {
      throw failure(.type, expected: "one text", found: "several texts `\(name)`")
    }
    try typeBlock.finish()
    try spaceBlock.finish()
    guard length <= HDF5Limits.attributeBytes else {
      throw failure(
        .limit, expected: "at most \(HDF5Limits.attributeBytes) bytes", found: "\(length)")
    }
    return (name, Array(try take(length)))
  }

  /// Link info or attribute info: nothing may be stored outside of the header.
  mutating func nothingDense() throws {
    try expect(0, "version")
    try expect(0, "flags")
    let (heap, index) = (try integer(8), try integer(8))
    guard heap == .max, index == .max else {
      throw failure(.dense, expected: "everything in the header", found: "a heap at \(heap)")
    }
  }

  /// When links would move out of the header, and how long they are expected to be: not used.
  mutating func groupInfo() throws {
    try expect(0, "version")
    let flags = try byte()
    guard flags <= 3 else {
      throw failure(expected: "flags 0 to 3", found: "0x\(String(flags, radix: 16))")
    }
    _ = try take(flags & 1 == 0 ? 0 : 4)
    _ = try take(flags & 2 == 0 ? 0 : 4)
  }

  /// When space is taken and filled: not used, because every chunk is there.
  mutating func noFillValue() throws {
    try expect(3, "version")
    let flags = try byte()
    guard flags & 0b1110_0000 == 0 else {
      throw failure(expected: "no fill value", found: "flags 0x\(String(flags, radix: 16))")
    }
  }
}
