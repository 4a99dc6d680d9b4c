import CPictureCodecs
import FileAccess

/// The functions of the C decoders, each wrapped once.
enum PictureCodec {
  case jpeg
  case png

  /// What a picture's header says.
  struct Header: Equatable {
    let width: Int
    let height: Int
    /// Samples of a pixel.
    let channels: Int
    /// Bits of a sample.
    let depth: Int
    /// RGB by index; empty if samples are no indices.
    let palette: [UInt8]
  }

  /// Why a call failed, and the library's words.
  enum Refusal: Error {
    case broken(String)
    case truncated(String)
  }

  /// Corresponds to `jpeg_read_header` and `png_read_info`.
  func header(of bytes: RawSpan) throws(Refusal) -> Header {
    var picture = qkz_picture()
    let outcome = unsafe bytes.withUnsafeBytes { buffer in
      // SAFETY: the buffer's own address and length; nothing is kept.
      let address = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return switch self {
      case .jpeg: unsafe qkz_jpeg_header(address, buffer.count, &picture)
      case .png: unsafe qkz_png_header(address, buffer.count, &picture)
      }
    }
    try Self.check(outcome, picture)
    return Header(
      width: Int(picture.width), height: Int(picture.height), channels: Int(picture.channels),
      depth: Int(picture.depth), palette: Self.palette(picture))
  }

  /// Decodes into exactly `count` bytes. Corresponds to `jpeg_read_scanlines` and `png_read_image`.
  func pixels(of bytes: RawSpan, count: Int) throws(Refusal) -> [UInt8] {
    var picture = qkz_picture()
    var outcome = qkz_picture_broken
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      outcome = unsafe bytes.withUnsafeBytes { buffer in
        // SAFETY: both addresses with their own lengths; the decoders refuse another size.
        let address = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return switch self {
        case .jpeg:
          unsafe qkz_jpeg_pixels(address, buffer.count, &picture, target.baseAddress, count)
        case .png:
          unsafe qkz_png_pixels(address, buffer.count, &picture, target.baseAddress, count)
        }
      }
      // A decoder that succeeds has written every byte.
      initialized = outcome == qkz_picture_ok ? count : 0
    }
    try Self.check(outcome, picture)
    return pixels
  }

  private static func check(_ outcome: qkz_picture_outcome, _ picture: qkz_picture) throws(Refusal)
  {
    guard outcome != qkz_picture_ok else { return }
    let words = unsafe withUnsafeBytes(of: picture.message) { message in
      unsafe String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw outcome == qkz_picture_truncated ? .truncated(words) : .broken(words)
  }

  private static func palette(_ picture: qkz_picture) -> [UInt8] {
    unsafe withUnsafeBytes(of: picture.palette) { palette in
      unsafe Array(palette.prefix(3 * Int(picture.palette_count)))
    }
  }
}
