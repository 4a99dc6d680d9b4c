public import FileAccess

/// The running checksum of zip entries. Corresponds to ISO 3309 with polynomial 0xEDB88320.
public struct CRC32: Sendable {
  /// The checksum of all bytes so far.
  public private(set) var checksum: UInt32 = 0

  /// The checksum of nothing.
  public init() {}

  /// Takes in more bytes.
  public mutating func update(_ bytes: RawSpan) { checksum = LibZ.crc32_z(checksum, bytes) }

  /// The checksum of a region.
  public static func checksum(of region: ByteRegion) -> UInt32 {
    var running = CRC32()
    region.withBytes { running.update($0) }
    return running.checksum
  }
}

/// Decoding of deflate streams (RFC 1951).
public enum Deflate {
  /// What is around a stream.
  public enum Wrapping: Int32, Sendable {
    /// Nothing, as in zip archives.
    case none = -15
    /// A header and Adler-32 (RFC 1950).
    case zlib = 15
    /// A header and CRC-32 (RFC 1952).
    case gzip = 31
  }

  /// Why a stream cannot be decoded.
  public enum Refusal: Error, Equatable {
    /// The stream is not one, is cut, or has a wrong checksum; with zlib's words.
    case broken(String)
    /// It decodes to more bytes than were allowed.
    case tooLong
  }

  /// No stream is larger, before or after decoding.
  public static let sizeLimit = 1 << 31

  /// Decodes one stream of at most `limit` bytes; bytes behind it are passed over, or refused unless
  /// `allowsMore`.
  ///
  /// - Throws: `Refusal`.
  public static func inflate(
    _ region: ByteRegion, _ wrapping: Wrapping, limit: Int, allowsMore: Bool = true
  ) throws(Refusal) -> [UInt8] {
    let limit = min(limit, sizeLimit)
    guard region.count <= sizeLimit else { throw .tooLong }
    // Memory grows with what is decoded, not with what a file claims.
    var capacity = min(limit, max(4 * region.count, 1 << 12)) + 1
    while true {
      let (bytes, code, words, unread) = region.withBytes {
        LibZ.inflate($0, windowBits: wrapping.rawValue, capacity: capacity)
      }
      if code == LibZ.streamEnd, bytes.count <= limit {
        guard allowsMore || unread == 0 else { throw .broken("\(unread) bytes behind its end") }
        return bytes
      }
      guard code == LibZ.bufferError || code == LibZ.streamEnd, bytes.count == capacity else {
        throw .broken(words ?? "the stream ends early")
      }
      guard bytes.count <= limit else { throw .tooLong }
      capacity = min(limit, 4 * capacity) + 1
    }
  }
}
