import FileAccess

/// A Protocol Buffers message that is being written; large bytes are kept by reference.
///
/// Corresponds to the wire format, "Encoding" in the Protocol Buffers documentation.
struct ProtobufMessage {
  /// What follows what in the file.
  private enum Part {
    case bytes([UInt8])
    case region(ByteRegion)
  }

  private var parts: [Part] = []
  /// Bytes behind the last part.
  private var tail: [UInt8] = []
  /// Bytes of the encoding.
  private(set) var count = 0

  private enum WireType: Int {
    case varint = 0
    case lengthDelimited = 2
    case fixed32 = 5
  }

  /// An integer; negative ones take ten bytes, as `int64` does.
  mutating func add(_ field: Int, _ value: Int) {
    append(tag(field, .varint) + varint(UInt64(bitPattern: Int64(value))))
  }

  /// Every integer as a field of its own.
  mutating func add(_ field: Int, _ values: [Int]) {
    for value in values { add(field, value) }
  }

  /// A float.
  mutating func add(_ field: Int, _ value: Float) {
    let bits = value.bitPattern
    append(tag(field, .fixed32) + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
  }

  /// Text.
  mutating func add(_ field: Int, _ text: String) { add(field, bytes: Array(text.utf8)) }

  /// Bytes.
  mutating func add(_ field: Int, bytes: [UInt8]) {
    append(tag(field, .lengthDelimited) + varint(UInt64(bytes.count)) + bytes)
  }

  /// Bytes that are not copied.
  mutating func add(_ field: Int, _ region: ByteRegion) {
    append(tag(field, .lengthDelimited) + varint(UInt64(region.count)))
    append(region)
  }

  /// A message.
  mutating func add(_ field: Int, _ message: ProtobufMessage) {
    append(tag(field, .lengthDelimited) + varint(UInt64(message.count)))
    append(message)
  }

  /// All fields of another message, behind those of this one.
  mutating func append(_ message: ProtobufMessage) {
    for part in message.parts {
      switch part {
      case .bytes(let bytes): append(bytes)
      case .region(let region): append(region)
      }
    }
    append(message.tail)
  }

  /// Writes the encoding to the end of a file.
  ///
  /// - Throws: `FileFailure`.
  func write(to output: SequentialOutput) throws {
    for part in parts {
      switch part {
      case .bytes(let bytes): try output.write(ByteRegion(bytes))
      case .region(let region):
        try output.write(region)
        region.releasePages()
      }
    }
    try output.write(ByteRegion(tail))
  }

  private mutating func append(_ bytes: [UInt8]) {
    count += bytes.count
    tail += bytes
  }

  private mutating func append(_ region: ByteRegion) {
    count += region.count
    parts += [.bytes(tail), .region(region)]
    tail = []
  }

  private func tag(_ field: Int, _ type: WireType) -> [UInt8] {
    varint(UInt64(field << 3 | type.rawValue))
  }

  private func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

extension SequentialOutput {
  /// Appends a region.
  ///
  /// - Throws: `FileFailure`.
  fileprivate func write(_ region: ByteRegion) throws {
    try region.withBytes { try write($0) }
  }
}
