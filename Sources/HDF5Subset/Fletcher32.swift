import CChunkCodec

/// HDF5's filter 3: a checksum of 32 bits over 16-bit big-endian words.
///
/// It detects corruption in any HDF5 reader; identity and integrity rest on SHA-256.
///
/// Corresponds to `H5_checksum_fletcher32`.
public enum Fletcher32 {
  /// Bytes that the checksum adds to a chunk.
  public static let byteCount = 4

  /// The checksum of some bytes; an odd last byte counts as the upper half of a word.
  public static func checksum(of bytes: RawSpan) -> UInt32 {
    // SAFETY: the buffer's own address and length; nothing is read of an empty one.
    unsafe bytes.withUnsafeBytes { unsafe qkz_fletcher32($0.baseAddress, $0.count) }
  }

  /// Some bytes with their checksum after them, little-endian, as they are stored.
  public static func stored(with bytes: RawSpan) -> [UInt8] {
    var stored: [UInt8] = []
    append(bytes, to: &stored)
    return stored
  }

  /// Appends bytes and their checksum, as a chunk is stored.
  public static func append(_ bytes: RawSpan, to stored: inout [UInt8]) {
    let checksum = checksum(of: bytes)
    stored.reserveCapacity(stored.count + bytes.byteCount + byteCount)
    // SAFETY: the buffer is only read, within the call.
    unsafe bytes.withUnsafeBytes { unsafe stored.append(contentsOf: $0) }
    for byte in 0..<byteCount { stored.append(UInt8(truncatingIfNeeded: checksum >> (8 * byte))) }
  }

  /// Whether some bytes end with their checksum.
  static func isIntact(_ stored: RawSpan) -> Bool {
    let count = stored.byteCount - byteCount
    guard count >= 0 else { return false }
    // SAFETY: the last four bytes of a region that has them; every bit pattern is an integer.
    let expected = unsafe stored.unsafeLoadUnaligned(fromByteOffset: count, as: UInt32.self)
    return checksum(of: stored.extracting(0..<count)) == UInt32(littleEndian: expected)
  }
}
