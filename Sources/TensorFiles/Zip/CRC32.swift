import FileAccess

/// The running checksum of zip entries. Corresponds to ISO 3309 with polynomial 0xEDB88320.
struct CRC32 {
  /// Eight tables, so that eight bytes take one step.
  private static let tables: [UInt32] = {
    var tables = [
      (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      }
    ]
    for level in 1..<8 {
      tables.append(tables[level - 1].map { $0 >> 8 ^ tables[0][Int($0 & 0xFF)] })
    }
    return tables.flatMap { $0 }
  }()

  /// The sum of all bytes so far.
  private var value: UInt32 = 0xFFFF_FFFF

  var checksum: UInt32 { ~value }

  static func checksum(of region: ByteRegion) -> UInt32 {
    var running = CRC32()
    region.withBytes { running.update($0) }
    return running.checksum
  }

  mutating func update(_ bytes: RawSpan) {
    let count = bytes.byteCount
    let table = Self.tables.span
    var value = self.value
    var offset = 0
    while offset + 8 <= count {
      // SAFETY: eight bytes remain; every bit pattern is an integer.
      let word = unsafe UInt64(
        littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
      let mixed = word ^ UInt64(value)
      value = 0
      for lane in 0..<8 {
        value ^= table[(7 - lane) * 256 + Int(mixed >> (8 * UInt64(lane)) & 0xFF)]
      }
      offset += 8
    }
    while offset < count {
      // SAFETY: one byte remains.
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)]
      offset += 1
    }
    self.value = value
  }
}
