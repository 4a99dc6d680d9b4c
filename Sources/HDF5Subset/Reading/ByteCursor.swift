import Diagnostics

/// Reads one block of a file front to back; a field that does not fit is a failure.
///
/// The bytes are a copy: what was compared with the checksum is what is parsed, whatever happens to
/// the file meanwhile.
struct ByteCursor {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int
  /// The object that the block belongs to.
  let place: String
  /// What the block is, as in `layout message`.
  let part: String
  /// What a block that is too short is called.
  let code: HDF5FailureCode

  init(_ bytes: [UInt8], at place: String, part: String, code: HDF5FailureCode) {
    self.init(bytes, 0..<bytes.count, place, part, code)
  }

  private init(
    _ bytes: [UInt8], _ range: Range<Int>, _ place: String, _ part: String, _ code: HDF5FailureCode
  ) {
    self.bytes = bytes
    (position, end) = (range.lowerBound, range.upperBound)
    (self.place, self.part, self.code) = (place, part, code)
  }

  /// The number of bytes left.
  var count: Int { end - position }

  /// A failure of this block.
  func failure(
    _ code: HDF5FailureCode? = nil, expected: String, found: String
  ) -> HDF5Failure {
    HDF5Failure(code ?? self.code, at: "\(place) \(part)", expected: expected, found: found)
  }

  private mutating func advance(_ count: Int) throws -> Range<Int> {
    guard count >= 0, count <= self.count else {
      throw failure(expected: "\(count) more bytes", found: "\(self.count)")
    }
    defer { position += count }
    return position..<position + count
  }

  /// An unsigned little-endian integer of 1 to 8 bytes.
  mutating func integer(_ width: Int) throws -> UInt64 {
    try bytes[advance(width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// An unsigned byte.
  mutating func byte() throws -> Int { Int(bytes[try advance(1).lowerBound]) }

  /// An unsigned 16-bit integer.
  mutating func short() throws -> Int { Int(try integer(2)) }

  /// The next bytes.
  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> { bytes[try advance(count)] }

  /// The next bytes as a block of their own.
  mutating func block(_ count: Int, part: String, code: HDF5FailureCode) throws -> ByteCursor {
    ByteCursor(bytes, try advance(count), place, part, code)
  }

  /// A byte that has one value in the subset.
  mutating func expect(_ value: Int, _ field: String, else code: HDF5FailureCode? = nil) throws {
    let found = try byte()
    guard found == value else {
      throw failure(code, expected: "\(field) \(value)", found: "\(found)")
    }
  }

  /// Four letters that name a kind of block.
  mutating func expect(signature: String) throws {
    guard try take(4).elementsEqual(signature.utf8) else {
      throw failure(expected: "signature `\(signature)`", found: "other bytes")
    }
  }

  /// Nothing may be left.
  func finish() throws {
    guard count == 0 else { throw failure(expected: "the end", found: "\(count) more bytes") }
  }

  /// Only zeros may be left, and they are passed.
  mutating func finishWithZeros() throws {
    guard try take(count).allSatisfy({ $0 == 0 }) else {
      throw failure(.gap, expected: "zeros", found: "other bytes")
    }
  }
}
