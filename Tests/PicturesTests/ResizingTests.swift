import Digests
import Pictures
import TestSupport
import Testing

/// Pillow's resampling, against digests of what Pillow 9.5 gives.
@Suite struct ResizingTests {
  struct Golden: Sendable, CustomStringConvertible {
    let from: (Int, Int)
    let length: Int
    let to: (Int, Int)
    let sha256: String
    var description: String { "\(from) to \(to)" }
  }

  static let goldens = [
    Golden(
      from: (500, 375), length: 256, to: (341, 256),
      sha256: "f10a4f320a970de4c45fd96b4cfaba06e901eba174880307c102cf53fbc3133b"),
    Golden(
      from: (375, 500), length: 256, to: (256, 341),
      sha256: "a83271c1655ee813e6a0c94c5f0e5278b60bd2b8d9a0f3db0f4f377a1c3cff9a"),
    Golden(
      from: (640, 480), length: 288, to: (384, 288),
      sha256: "204d7d46996c811319fc78f5136e3a1483d08c60be76b7e838d4696d54e34c36"),
    Golden(
      from: (333, 500), length: 384, to: (384, 576),
      sha256: "48c55490815d04b215402389ae73282a57a9cff2a814397a90675da9190cca3a"),
    Golden(
      from: (200, 150), length: 256, to: (341, 256),
      sha256: "3d0f80e331e1dfac259b62719cbc7bca63bec2a66ef1f7c52a70954e4c761dbb"),
  ]

  /// A picture with sharp edges in every channel.
  static func pattern(_ width: Int, _ height: Int) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        pixels.append(UInt8((7 * x + 13 * y) % 256))
        pixels.append(UInt8((x * x + 3 * y) % 256))
        pixels.append(UInt8(((5 * x) ^ (11 * y)) % 256))
      }
    }
    return Picture(width: width, height: height, channels: 3, pixels: pixels)
  }

  @Test(arguments: goldens)
  func `a resized picture has Pillow's bytes`(_ golden: Golden) {
    let picture = Self.pattern(golden.from.0, golden.from.1)
    #expect(picture.size(ofShorterSide: golden.length) == golden.to)
    let resized = picture.resized(width: golden.to.0, height: golden.to.1)
    #expect(SHA256.digest(of: resized.pixels).hex == golden.sha256)
  }

  @Test func `taps are Pillow's`() {
    let first = BicubicResampling.taps(0..<1, of: 341, from: 500)[0]
    #expect(
      first == ResamplingTaps(first: 0, weights: [2_818_319, 1_586_562, -193_649, -16_928]))
    // The sum is one less than 2^22: weights are not forced to a sum.
    let other = BicubicResampling.taps(0..<1, of: 3, from: 4)[0]
    #expect(other == ResamplingTaps(first: 0, weights: [3_157_725, 1_276_527, -239_949]))
  }

  @Test(arguments: [(341, 256), (7, 1), (1, 9), (224, 224), (500, 375)])
  func `the middle square is cut from the whole`(_ width: Int, _ height: Int) {
    let picture = Self.pattern(width, height)
    for (length, side) in [(32, 28), (33, 28), (31, 28), (32, 32)] {
      let size = picture.size(ofShorterSide: length)
      let whole = picture.resized(width: size.width, height: size.height)
      let square = picture.resizedSquare(shorterSide: length, side: side)
      // Half to even: 0.5 becomes 0, 1.5 becomes 2, 2.5 becomes 2.
      func margin(_ rest: Int) -> Int { rest % 4 == 3 ? rest / 2 + 1 : rest / 2 }
      let (left, top) = (margin(size.width - side), margin(size.height - side))
      for y in 0..<side {
        let start = ((top + y) * size.width + left) * 3
        #expect(
          square.pixels[y * side * 3..<(y + 1) * side * 3]
            == whole.pixels[start..<start + side * 3])
      }
    }
  }

  @Test func `an unchanged size changes nothing`() {
    let picture = Self.pattern(31, 17)
    #expect(picture.resized(width: 31, height: 17) == picture)
  }

  @Test func `an extreme shape costs no more than its middle`() {
    let line = Picture(
      width: 1 << 20, height: 1, channels: 1, pixels: .init(repeating: 9, count: 1 << 20))
    let square = line.resizedSquare(shorterSide: 256, side: 224)
    #expect(square.pixels.allSatisfy { $0 == 9 } && square.pixels.count == 224 * 224)
  }
}
