/// The taps of one output sample along one axis.
public struct ResamplingTaps: Equatable {
  /// The first input sample.
  public let first: Int
  /// Weights in units of 2^-22.
  public let weights: [Int32]

  /// Names both.
  public init(first: Int, weights: [Int32]) {
    self.first = first
    self.weights = weights
  }
}

/// Bicubic resampling along one axis, in the fixed-point arithmetic of Pillow.
///
/// Corresponds to Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc` with a = -0.5.
public enum BicubicResampling {
  /// Bits of a weight behind the point.
  public static let fractionBits: Int32 = 22

  /// The taps of some output samples, where `count` samples become `outputCount`.
  public static func taps(_ outputs: Range<Int>, of outputCount: Int, from count: Int)
    -> [ResamplingTaps]
  {
    let scale = Double(count) / Double(outputCount)
    let filterScale = max(scale, 1)
    let support = 2 * filterScale
    let inverse = 1 / filterScale
    return outputs.map { output in
      let center = (Double(output) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = min(count, Int(center + support + 0.5))
      let values = (first..<end).map { input in
        cubic((Double(input) - center + 0.5) * inverse)
      }
      let sum = values.reduce(0, +)
      return ResamplingTaps(first: first, weights: values.map { fixedPoint($0, sum) })
    }
  }

  private static func fixedPoint(_ value: Double, _ sum: Double) -> Int32 {
    let scaled = (sum == 0 ? value : value / sum) * Double(1 << fractionBits)
    return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
  }

  private static func cubic(_ distance: Double) -> Double {
    let x = distance.magnitude
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * -0.5 }
    return 0
  }
}

extension Picture {
  /// The size that a picture has when its shorter side is resized to some length.
  ///
  /// Corresponds to torchvision's `Resize(int)`; the longer side is truncated.
  public func size(ofShorterSide length: Int) -> (width: Int, height: Int) {
    let (short, long) = (min(width, height), max(width, height))
    let other = Int(Double(length * long) / Double(short))
    return width <= height ? (length, other) : (other, length)
  }

  /// The middle square of the picture after its shorter side was resized.
  ///
  /// Only the pixels of the square are computed, so an extreme shape costs nothing.
  ///
  /// Corresponds to torchvision's `Resize(shorterSide, BICUBIC)` and `CenterCrop(side)` on Pillow
  /// up to version 12: horizontal pass, then vertical.
  ///
  /// - Parameter side: at most `shorterSide`.
  public func resizedSquare(shorterSide: Int, side: Int) -> Picture {
    precondition(0 < side && side <= shorterSide, "the square lies in the resized picture")
    let size = size(ofShorterSide: shorterSide)
    let left = Self.margin(size.width - side)
    let top = Self.margin(size.height - side)
    return resized(
      to: size, columns: left..<left + side, rows: top..<top + side)
  }

  /// Half of what is left over, halves to even.
  private static func margin(_ rest: Int) -> Int {
    Int((Double(rest) / 2).rounded(.toNearestOrEven))
  }

  /// The picture in another size.
  ///
  /// Corresponds to Pillow's `resize(size, BICUBIC)`, up to version 12.
  public func resized(width: Int, height: Int) -> Picture {
    resized(to: (width, height), columns: 0..<width, rows: 0..<height)
  }

  /// Some columns and rows of the picture in another size.
  private func resized(
    to size: (width: Int, height: Int), columns: Range<Int>, rows: Range<Int>
  ) -> Picture {
    let across = BicubicResampling.taps(columns, of: size.width, from: width)
    let down = BicubicResampling.taps(rows, of: size.height, from: height)
    let needed = Self.inputs(of: down)
    let narrow = resampledAcross(across, rows: needed)
    return narrow.resampledDown(down, firstRow: needed.lowerBound)
  }

  private static func inputs(of taps: [ResamplingTaps]) -> Range<Int> {
    let first = taps.map(\.first).min() ?? 0
    return first..<(taps.map { $0.first + $0.weights.count }.max() ?? first)
  }

  /// Resamples every row of a range.
  private func resampledAcross(_ taps: [ResamplingTaps], rows: Range<Int>) -> Picture {
    var target: [UInt8] = []
    target.reserveCapacity(taps.count * rows.count * channels)
    for row in rows {
      for tap in taps {
        let start = (row * width + tap.first) * channels
        if channels == 3 {
          appendColour(start, tap.weights, to: &target)
        } else {
          appendGrey(start, tap.weights, to: &target)
        }
      }
    }
    return Picture(width: taps.count, height: rows.count, channels: channels, pixels: target)
  }

  private func appendGrey(_ start: Int, _ weights: [Int32], to target: inout [UInt8]) {
    let source = pixels.span
    var sum = Self.half
    for tap in weights.indices { sum &+= weights[tap] &* Int32(source[start + tap]) }
    target.append(Self.clipped(sum))
  }

  private func appendColour(_ start: Int, _ weights: [Int32], to target: inout [UInt8]) {
    let source = pixels.span
    var (red, green, blue) = (Self.half, Self.half, Self.half)
    var place = start
    for weight in weights {
      red &+= weight &* Int32(source[place])
      green &+= weight &* Int32(source[place + 1])
      blue &+= weight &* Int32(source[place + 2])
      place += 3
    }
    target.append(Self.clipped(red))
    target.append(Self.clipped(green))
    target.append(Self.clipped(blue))
  }

  /// Resamples every column; the taps count rows from `firstRow`.
  private func resampledDown(_ taps: [ResamplingTaps], firstRow: Int) -> Picture {
    let rowLength = width * channels
    var target: [UInt8] = []
    target.reserveCapacity(taps.count * rowLength)
    for tap in taps {
      var sums = [Int32](repeating: Self.half, count: rowLength)
      for (row, weight) in tap.weights.enumerated() {
        let start = (tap.first - firstRow + row) * rowLength
        for index in 0..<rowLength {
          sums[index] &+= weight &* Int32(pixels[start + index])
        }
      }
      for sum in sums { target.append(Self.clipped(sum)) }
    }
    return Picture(width: width, height: taps.count, channels: channels, pixels: target)
  }

  /// One half in the fixed point, so that truncation rounds.
  private static var half: Int32 { 1 << (BicubicResampling.fractionBits - 1) }

  private static func clipped(_ sum: Int32) -> UInt8 {
    UInt8(clamping: sum >> BicubicResampling.fractionBits)
  }
}
