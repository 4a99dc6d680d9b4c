/// HDF5's filter 3: a checksum of 32 bits over 16-bit big-endian words.
///
/// It detects corruption in any HDF5 reader; identity and integrity rest on SHA-256.
///
/// Corresponds to `H5_checksum_fletcher32`.
public enum Fletcher32 {
  /// Bytes that the checksum adds to a chunk.
  public static let byteCount = 4

  /// The words that can be added before the sums must be folded.
  private static let block = 360

  /// The checksum of some bytes; an odd last byte counts as the upper half of a word.
  public static func checksum(of bytes: RawSpan) -> UInt32 {
    var (sum1, sum2): (UInt32, UInt32) = (0, 0)
    let words = bytes.byteCount / 2
    var word = 0
    while word < words {
      let end = min(word + block, words)
      while word < end {
        // SAFETY: `word` is below the number of whole words; every bit pattern is an integer.
        let value = unsafe bytes.unsafeLoadUnaligned(
          fromByteOffset: word * 2, as: UInt16.self)
        sum1 &+= UInt32(UInt16(bigEndian: value))
        sum2 &+= sum1
        word += 1
      }
      (sum1, sum2) = (fold(sum1), fold(sum2))
    }
    if bytes.byteCount % 2 == 1 {
      // SAFETY: the last byte of a region that has one.
      let last = unsafe bytes.unsafeLoad(fromByteOffset: bytes.byteCount - 1, as: UInt8.self)
      sum1 = fold(sum1 &+ UInt32(last) << 8)
      sum2 = fold(sum2 &+ sum1)
    }
    return fold(sum2) << 16 | fold(sum1)
  }

  /// The checksum as it is stored after some bytes: little-endian.
  static func stored(of bytes: RawSpan) -> [UInt8] {
    let checksum = checksum(of: bytes)
    return (0..<byteCount).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
  }

  /// Whether some bytes end with their checksum.
  static func isIntact(_ stored: RawSpan) -> Bool {
    let count = stored.byteCount - byteCount
    guard count >= 0 else { return false }
    // SAFETY: the last four bytes of a region that has them; every bit pattern is an integer.
    let expected = unsafe stored.unsafeLoadUnaligned(fromByteOffset: count, as: UInt32.self)
    return checksum(of: stored.extracting(0..<count)) == UInt32(littleEndian: expected)
  }

  private static func fold(_ sum: UInt32) -> UInt32 { (sum & 0xFFFF) &+ (sum >> 16) }
}
