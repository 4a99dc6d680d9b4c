import Diagnostics
import FileAccess

extension Picture {
  /// No picture has more pixels, and no file of one more bytes.
  ///
  /// Corresponds to the size beyond which Pillow refuses a picture as a decompression bomb.
  public static let pixelLimit = 178_956_970
  /// See `pixelLimit`.
  public static let fileLimit = 1 << 30

  /// Decodes a file.
  ///
  /// - Throws: `PictureFailure`, `FileFailure`.
  public init(path: String) throws {
    try self.init(decoding: Files.read(path, limit: Self.fileLimit), at: path)
  }

  /// Decodes a JPEG or PNG picture, told apart by content; `place` names it in errors.
  ///
  /// The orientation that a camera noted, transparency and colour profiles are ignored.
  ///
  /// Corresponds to Pillow's `Image.open`, then `convert("RGB")`.
  ///
  /// - Throws: `PictureFailure`.
  public init(decoding bytes: [UInt8], at place: String) throws {
    let codec = try Self.codec(of: bytes, place)
    do {
      let header = try codec.header(of: unsafe bytes.span.bytes)
      let layout = try PixelLayout(header, of: codec, at: place)
      let pixels = try codec.pixels(of: unsafe bytes.span.bytes, count: layout.byteCount)
      self = layout.picture(from: pixels)
    } catch PictureCodec.Refusal.broken(let words) {
      throw PictureFailure(
        .broken, at: place, expected: "a whole \(codec) picture", found: words.lowercased())
    } catch PictureCodec.Refusal.truncated(let words) {
      throw PictureFailure(
        .truncated, at: place, expected: "a whole \(codec) picture",
        found: "the end after \(bytes.count) bytes" + (words.isEmpty ? "" : ": \(words)"))
    }
  }

  private static func codec(of bytes: [UInt8], _ place: String) throws -> PictureCodec {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    let start = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    throw PictureFailure(
      .format, at: place, expected: "a JPEG or PNG picture",
      found: bytes.isEmpty ? "an empty file" : "bytes that start with \(start.joined())")
  }
}

/// How decoded samples become a picture.
///
/// Corresponds to the modes, raw modes and conversions of Pillow.
struct PixelLayout {
  private enum Samples {
    case bytes
    /// Four inks as Adobe's programs store them: inverted.
    case inks
    /// Values of fewer than eight bits, to be spread over 0 to 255 by a factor.
    case scaled(UInt8)
    /// Big-endian grey of sixteen bits.
    case wideGrey
    /// Big-endian samples of sixteen bits, more than one a pixel.
    case wide
    case indices([UInt8])
  }

  private let header: PictureCodec.Header
  private let samples: Samples

  init(_ header: PictureCodec.Header, of codec: PictureCodec, at place: String) throws {
    let (count, overflow) = header.width.multipliedReportingOverflow(by: header.height)
    guard count > 0, !overflow, count <= Picture.pixelLimit else {
      throw PictureFailure(
        .limit, at: place, expected: "at most \(Picture.pixelLimit) pixels",
        found: "\(header.width) x \(header.height)")
    }
    let known = codec == .jpeg ? [1, 3, 4] : [1, 2, 3, 4]
    guard known.contains(header.channels), codec == .png || header.depth == 8 else {
      throw PictureFailure(
        .colours, at: place, expected: "grey, RGB or CMYK of 8 bits",
        found: "\(header.channels) channels of \(header.depth) bits")
    }
    self.header = header
    samples = Self.samples(header, codec)
  }

  private static func samples(_ header: PictureCodec.Header, _ codec: PictureCodec) -> Samples {
    if codec == .jpeg { return header.channels == 4 ? .inks : .bytes }
    if !header.palette.isEmpty { return .indices(fullPalette(header.palette)) }
    return switch header.depth {
    case 16: header.channels == 1 ? .wideGrey : .wide
    case 8: .bytes
    default: .scaled(UInt8(255 / ((1 << header.depth) - 1)))
    }
  }

  /// Indices beyond the palette are black.
  private static func fullPalette(_ palette: [UInt8]) -> [UInt8] {
    palette + [UInt8](repeating: 0, count: 768 - palette.count)
  }

  private var pixelCount: Int { header.width * header.height }

  /// The bytes that the decoder gives.
  var byteCount: Int { pixelCount * header.channels * (header.depth == 16 ? 2 : 1) }

  /// The picture that decoded bytes make.
  func picture(from bytes: [UInt8]) -> Picture {
    let channels = header.channels
    switch samples {
    case .bytes where channels == 1 || channels == 3: return picture(channels, bytes)
    case .bytes:
      return gathered(channels == 2 ? 1 : 3) { pixel, channel in bytes[pixel * channels + channel] }
    case .wide:
      return gathered(channels == 2 ? 1 : 3) { pixel, channel in
        bytes[(pixel * channels + channel) * 2]
      }
    case .scaled(let factor): return picture(1, bytes.map { $0 &* factor })
    case .wideGrey:
      // Pillow clips sixteen bits to eight; it does not scale them.
      return gathered(1) { pixel, _ in bytes[2 * pixel] == 0 ? bytes[2 * pixel + 1] : 255 }
    case .indices(let palette):
      return gathered(3) { pixel, channel in palette[3 * Int(bytes[pixel]) + channel] }
    case .inks:
      return gathered(3) { pixel, channel in
        Self.light(ink: bytes[4 * pixel + channel], black: bytes[4 * pixel + 3])
      }
    }
  }

  private func picture(_ channels: Int, _ pixels: [UInt8]) -> Picture {
    Picture(width: header.width, height: header.height, channels: channels, pixels: pixels)
  }

  private func gathered(_ channels: Int, _ sample: (_ pixel: Int, _ channel: Int) -> UInt8)
    -> Picture
  {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(pixelCount * channels)
    for pixel in 0..<pixelCount {
      for channel in 0..<channels { pixels.append(sample(pixel, channel)) }
    }
    return picture(channels, pixels)
  }

  /// What is left of white light after one inverted ink and inverted black.
  private static func light(ink: UInt8, black: UInt8) -> UInt8 {
    let product = Int(255 - ink) * Int(black) + 128
    let quotient = ((product >> 8) + product) >> 8
    return UInt8(max(0, Int(black) - quotient))
  }
}
