import Deflate
import FileAccess

extension [UInt8] {
  /// A little-endian integer, if it lies inside.
  func integer(at offset: Int, width: Int) -> UInt64? {
    guard offset >= 0, offset <= count - width else { return nil }
    return self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The same as an offset into these bytes.
  func position(at offset: Int, width: Int) -> Int? {
    integer(at: offset, width: width).flatMap { $0 <= UInt64(count) ? Int($0) : nil }
  }

  /// Overwrites with a little-endian integer, if there is room.
  mutating func put(_ value: UInt64, at offset: Int, width: Int) {
    guard offset >= 0, offset <= count - width else { return }
    for byte in 0..<width {
      self[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
    }
  }

  /// Whether some text stands at an offset.
  func has(_ text: StaticString, at offset: Int) -> Bool {
    let size = text.utf8CodeUnitCount
    guard offset >= 0, offset <= count - size else { return false }
    return (0..<size).allSatisfy { self[offset + $0] == text.utf8Start[$0] }
  }

  /// Every place where some text stands.
  func places(of text: StaticString) -> [Int] {
    let first = text.utf8Start[0]
    return indices.filter { self[$0] == first && has(text, at: $0) }
  }

  /// CRC-32 of a part.
  func crc32(_ range: Range<Int>) -> UInt64 {
    UInt64(CRC32.checksum(of: ByteRegion(Array(self[range]))))
  }
}
