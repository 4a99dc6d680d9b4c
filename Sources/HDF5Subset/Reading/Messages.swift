import SpikeTensors

/// The header messages of groups and attributes, and those that say nothing.
///
/// Corresponds to "Data Object Header Messages" of the HDF5 file format.
extension ByteCursor {
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
    if flags & LinkFlags.kind != 0 { throw try otherLink(flags) }
    guard flags == 0 else {
      throw failure(
        expected: "a link without creation order, character set and long name",
        found: "flags 0x\(String(flags, radix: 16))")
    }
    return (try plainName(try take(try byte())), try integer(8))
  }

  /// The bits of a link's flags.
  private enum LinkFlags {
    static let nameWidth = 0b11
    static let creationOrder = 0b100
    static let kind = 0b1000
    static let characterSet = 0b1_0000
  }

  /// Why a link that says its kind is refused.
  private mutating func otherLink(_ flags: Int) throws -> HDF5Failure {
    let kind = try byte()
    guard kind != 0 else {
      return failure(expected: "a hard link that does not say its kind", found: "kind 0")
    }
    _ = try take(flags & LinkFlags.creationOrder == 0 ? 0 : 8)
    _ = try take(flags & LinkFlags.characterSet == 0 ? 0 : 1)
    _ = try take(Int(clamping: try integer(1 << (flags & LinkFlags.nameWidth))))
    return failure(.link, expected: "a hard link", found: try foreignLink(kind))
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
    try expect(0, "character set of the name")
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

  /// How many links a group keeps in its header: as many as there are, or nothing is said.
  mutating func groupInfo() throws {
    let body = Array(try take(count))
    guard body == [0, 0] || body == [0, 1, 0xFF, 0xFF, 0, 0] else {
      throw failure(
        expected: "no numbers of links, or 65,535 and 0",
        found: body.prefix(10).map { String($0, radix: 16) }.joined(separator: " "))
    }
  }

  /// When space is taken and filled, as the flags of a message without a fill value.
  mutating func fill() throws -> Int {
    try expect(3, "version")
    let flags = try byte()
    guard flags & 0b1110_0000 == 0 else {
      throw failure(expected: "no fill value", found: "flags 0x\(String(flags, radix: 16))")
    }
    return flags
  }
}
