import Deflate
import Diagnostics
public import Digests
public import FileAccess

/// Unsigned bytes of some shape in an IDX file, plain or gzip-ed.
///
/// Corresponds to the format that http://yann.lecun.com/exdb/mnist/ describes.
public struct IDXFile: Sendable {
  /// The extents; the first one counts the samples.
  public let shape: [Int]
  /// The elements in C order.
  public let elements: ByteRegion
  /// The MD5 sums by which the file may be known: of its contents and, if it is compressed, of itself.
  public let md5: [Digest]

  /// No file has more bytes, before or after decoding.
  public static let sizeLimit = 1 << 30
  /// A gzip stream may decode to this many times its bytes, and always to `smallSize`.
  ///
  /// Published files stay below 10.
  public static let mostRatio = 128
  /// See `mostRatio`.
  public static let smallSize = 1 << 20

  /// Reads a file and checks that it has `rank` dimensions.
  ///
  /// - Throws: `IDXFailure`, `FileFailure`.
  public init(path: String, rank: Int) throws {
    try self.init(ByteRegion(MappedFile(path: path)), rank: rank, at: path)
  }

  /// Reads the bytes of a file; `place` names it in errors.
  ///
  /// - Throws: `IDXFailure`.
  public init(_ file: ByteRegion, rank: Int, at place: String) throws {
    guard file.count <= Self.sizeLimit else {
      throw IDXFailure(
        .size, at: place, expected: "at most \(Self.sizeLimit) bytes", found: "\(file.count)")
    }
    let isCompressed = file.start(2) == [0x1F, 0x8B]
    let contents = isCompressed ? try Self.decoded(file, at: place) : file
    shape = try IDXHeader(contents, rank: rank, at: place).shape
    elements = contents.part(4 + 4 * rank..<contents.count)
    md5 = (isCompressed ? [contents, file] : [file]).map { HashFunction.md5.digest(of: $0) }
  }

  private static func decoded(_ file: ByteRegion, at place: String) throws -> ByteRegion {
    let limit = min(sizeLimit, max(smallSize, mostRatio * file.count))
    do {
      return ByteRegion(try Deflate.inflate(file, .gzip, limit: limit, allowsMore: false))
    } catch .broken(let words) {
      throw IDXFailure(.compression, at: place, expected: "one gzip stream", found: words)
    } catch .tooLong {
      throw IDXFailure(
        .compression, at: place,
        expected: "at most \(limit) bytes of \(file.count) compressed ones",
        found: "more")
    }
  }
}

/// The start of an IDX file: two zeros, the type of the elements, the number of dimensions, and the
/// extents, each of four bytes, most significant first.
private struct IDXHeader {
  let shape: [Int]

  init(_ contents: ByteRegion, rank: Int, at place: String) throws {
    try Self.check(contents.start(4), rank: rank, at: place)
    let start = contents.start(4 + 4 * rank)
    guard start.count == 4 + 4 * rank else {
      throw IDXFailure(
        .size, at: place, expected: "\(4 + 4 * rank) bytes of header", found: "\(start.count)")
    }
    shape = (1...rank).map { axis in
      start[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    let count = try Self.elementCount(shape, at: place)
    guard contents.count - start.count == count else {
      throw IDXFailure(
        .size, at: place,
        expected: "\(count) bytes for \(shape.map(String.init).joined(separator: " x "))",
        found: "\(contents.count - start.count)")
    }
  }

  /// Checks the first four bytes.
  private static func check(_ magic: [UInt8], rank: Int, at place: String) throws {
    guard magic.count == 4, magic[0] == 0, magic[1] == 0 else {
      let words = magic.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      throw IDXFailure(
        .magic, at: place, expected: "an IDX file, which starts with two zeros and two bytes more",
        found: magic.isEmpty ? "an empty file" : "bytes that start with \(words)")
    }
    guard magic[2] == unsignedBytes else {
      throw IDXFailure(
        .elementType, at: place, expected: "unsigned bytes (type 8)",
        found: "\(elementTypes[magic[2]] ?? "no type of IDX") (type \(magic[2]))")
    }
    guard Int(magic[3]) == rank else {
      throw IDXFailure(
        .dimensions, at: place,
        expected: rank == 3 ? "3, as pictures have" : "\(rank), as labels have",
        found: "\(magic[3])")
    }
  }

  private static func elementCount(_ shape: [Int], at place: String) throws -> Int {
    let count = shape.reduce(1) { count, extent in
      // Four bytes each: the product of two fits, and what is beyond the limit stays there.
      min(count, IDXFile.sizeLimit + 1) * extent
    }
    guard shape.allSatisfy({ $0 > 0 }), count <= IDXFile.sizeLimit else {
      throw IDXFailure(
        .extents, at: place, expected: "extents above 0, and at most \(IDXFile.sizeLimit) elements",
        found: shape.map(String.init).joined(separator: " x "))
    }
    return count
  }

  private static let unsignedBytes: UInt8 = 8
  private static let elementTypes: [UInt8: String] = [
    9: "signed bytes", 11: "16-bit integers", 12: "32-bit integers", 13: "floats", 14: "doubles",
  ]
}

extension ByteRegion {
  /// A copy of the first bytes, or of all if there are fewer.
  fileprivate func start(_ count: Int) -> [UInt8] { part(0..<min(count, self.count)).copy() }
}
