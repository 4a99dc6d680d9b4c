import CanonicalJSON
import Pictures
import TestSupport
import Testing

/// Pictures, good and bad.
@Suite struct DecodingTests {
  static let corrupt = CorruptFile.all("pictures")
  static let accepted = AcceptedFile.all("pictures")

  @Test func `the folders are there`() {
    #expect(Self.corrupt.count >= 30 && Self.accepted.count >= 9)
  }

  @Test(arguments: corrupt)
  func `a corrupt picture is refused with the error that its name says`(_ file: CorruptFile) throws
  {
    #expect(try Refusal.of { _ = try Picture(path: file.path) } == file.expected)
  }

  @Test(arguments: accepted)
  func `a good picture has Pillow's pixels`(_ file: AcceptedFile) throws {
    let picture = try Picture(path: file.path)
    let size: JSON = [.integer(picture.width), .integer(picture.height)]
    #expect(size == (try file.expected("size")))
    #expect(JSON.string(AcceptedFile.hex(picture.rgb.pixels)) == (try file.expected("rgb")))
  }

  @Test(arguments: accepted)
  func `a damaged picture is refused by name or decoded`(_ file: AcceptedFile) throws {
    var random = RepeatableRandom(seed: 77)
    let bytes = try TestFiles.bytes(file.path)
    var refused = 0
    for _ in 0..<400 {
      let damaged = Damage.some(bytes, &random)
      refused +=
        try Refusal.of { _ = try Picture(decoding: damaged, at: file.description) } == nil ? 0 : 1
    }
    #expect(refused > 50)
  }

  @Test func `every start of a picture is refused`() throws {
    for name in ["four-components.jpg", "indices.png"] {
      let bytes = try TestFiles.bytes(TestFiles.path("Accepted/pictures/\(name)"))
      // What is missing at the very end is not missed: an end marker, a last chunk.
      for count in 0..<bytes.count - 30 {
        let refusal = try Refusal.of {
          _ = try Picture(decoding: Array(bytes.prefix(count)), at: name)
        }
        #expect(refusal != nil, "\(name), \(count) bytes")
      }
    }
  }

  @Test func `grey and colour become each other as in Pillow`() {
    let colour = Picture(width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 10, 200, 30])
    #expect(colour.grey.pixels == [76, 124] && colour.rgb == colour)
    #expect(colour.grey.rgb.pixels == [76, 76, 76, 124, 124, 124])
  }
}
