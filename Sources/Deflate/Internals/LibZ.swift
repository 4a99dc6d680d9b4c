// C functions keep their own names here.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CZlib

/// The functions of zlib that this project uses, each wrapped once under its own name.
enum LibZ {
  /// Decodes one stream into at most `capacity` bytes.
  ///
  /// - Returns: the bytes, zlib's code (`Z_STREAM_END` if the stream ended), and how many bytes of the
  ///   input are behind what was decoded.
  static func inflate(
    _ bytes: RawSpan, windowBits: Int32, capacity: Int
  ) -> (bytes: [UInt8], code: Int32, words: String?, unread: Int) {
    var stream = unsafe z_stream()
    var code = unsafe qkz_inflate_init2(&stream, windowBits)
    guard code == Z_OK else { return ([], code, nil, bytes.byteCount) }
    defer { _ = unsafe inflateEnd(&stream) }
    let output = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, initialized in
      unsafe bytes.withUnsafeBytes { source in
        // SAFETY: both buffers with their own lengths, below 2^32 (checked by the caller); zlib does
        // not write to its input.
        unsafe stream.next_in = UnsafeMutablePointer(
          mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(capacity)
        code = unsafe CZlib.inflate(&stream, Z_FINISH)
        initialized = unsafe capacity - Int(stream.avail_out)
      }
    }
    let words = unsafe stream.msg.map { unsafe String(cString: $0) }
    return (output, code, words, unsafe Int(stream.avail_in))
  }

  /// The checksum of more bytes behind those of a checksum.
  static func crc32_z(_ checksum: UInt32, _ bytes: RawSpan) -> UInt32 {
    // Without an address zlib starts anew.
    guard bytes.byteCount > 0 else { return checksum }
    // SAFETY: a buffer with its own length, which zlib only reads.
    return unsafe bytes.withUnsafeBytes { buffer in
      unsafe UInt32(
        CZlib.crc32_z(
          UInt(checksum), buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count))
    }
  }

  static let streamEnd = Z_STREAM_END
  static let bufferError = Z_BUF_ERROR
}
