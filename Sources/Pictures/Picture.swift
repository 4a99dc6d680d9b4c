/// A picture of 8-bit samples: one channel (grey) or three (RGB), interleaved, rows from the top.
public struct Picture: Sendable, Equatable {
  /// Pixels of a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Samples of a pixel: 1 or 3.
  public let channels: Int
  /// `[height][width][channels]`.
  public let pixels: [UInt8]

  /// A picture from its pixels.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && (channels == 1 || channels == 3), "an extent of a picture")
    precondition(pixels.count == width * height * channels, "size and pixels disagree")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Makes a pixel of another number of channels from each pixel.
  func mapped(to channels: Int, _ convert: (_ pixel: Int, _ target: inout [UInt8]) -> Void)
    -> Picture
  {
    var target: [UInt8] = []
    target.reserveCapacity(width * height * channels)
    for pixel in 0..<width * height { convert(pixel, &target) }
    return Picture(width: width, height: height, channels: channels, pixels: target)
  }

  /// The picture with three equal channels if it is grey.
  ///
  /// Corresponds to Pillow's `convert("RGB")`.
  public var rgb: Picture {
    guard channels == 1 else { return self }
    return mapped(to: 3) { pixel, target in
      let value = pixels[pixel]
      target.append(value)
      target.append(value)
      target.append(value)
    }
  }

  /// The picture with rows of zeros above and below, and columns of zeros left and right.
  public func padded(rows: Int, columns: Int) -> Picture {
    let side = [UInt8](repeating: 0, count: columns * channels)
    let edge = [UInt8](repeating: 0, count: rows * (width + 2 * columns) * channels)
    var target = edge
    for row in 0..<height {
      target += side + pixels[row * width * channels..<(row + 1) * width * channels] + side
    }
    return Picture(
      width: width + 2 * columns, height: height + 2 * rows, channels: channels,
      pixels: target + edge)
  }

  /// The luma of the picture, by the weights of ITU-R 601 in sixteen bits.
  ///
  /// Corresponds to Pillow's `convert("L")`.
  public var grey: Picture {
    guard channels == 3 else { return self }
    return mapped(to: 1) { pixel, target in
      let red = Int(pixels[3 * pixel]) * 19595
      let green = Int(pixels[3 * pixel + 1]) * 38470
      let blue = Int(pixels[3 * pixel + 2]) * 7471
      target.append(UInt8((red + green + blue + 0x8000) >> 16))
    }
  }
}
