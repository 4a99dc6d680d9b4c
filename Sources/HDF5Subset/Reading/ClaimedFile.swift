import Diagnostics
import FileAccess

/// A file, and the account of its bytes: everything that is read must be claimed.
///
/// In the end every byte belongs to exactly one thing or is zero. The sum of all claims is never
/// above the size of the file, so no loop or overlap can cost more than one pass.
struct ClaimedFile {
  /// What the bytes of a claim are. The writer keeps each kind together.
  enum Kind {
    /// Blocks of HDF5's structure.
    case structure
    /// Stored elements.
    case chunk
  }

  private struct Claim {
    let start: Int
    let end: Int
    let owner: Int
    let kind: Kind
  }

  private let file: ByteRegion
  private var claims: [Claim] = []
  private var owners: [String] = []
  private var total = 0

  init(_ file: ByteRegion) { self.file = file }

  /// Bytes in the file.
  var size: Int { file.count }

  /// Gives a range to an owner; it must lie inside the file and start at a multiple of 64 bytes.
  ///
  /// - Throws: `HDF5Failure`.
  mutating func claim(
    _ address: UInt64, _ count: UInt64, _ kind: Kind, for owner: String
  ) throws -> Range<Int> {
    let range = try self.range(address, count, for: owner)
    guard range.lowerBound.isMultiple(of: HDF5Limits.alignment) else {
      throw HDF5Failure(
        .alignment, at: owner, expected: "a start at a multiple of \(HDF5Limits.alignment)",
        found: "byte \(range.lowerBound)")
    }
    guard range.count <= size - total else {
      throw HDF5Failure(
        .overlap, at: owner, expected: "no byte in two things",
        found: "\(total + range.count) bytes of \(size)")
    }
    total += range.count
    if owners.last != owner { owners.append(owner) }
    claims.append(
      Claim(
        start: range.lowerBound, end: range.upperBound, owner: owners.count - 1, kind: kind))
    return range
  }

  private func range(_ address: UInt64, _ count: UInt64, for owner: String) throws -> Range<Int> {
    guard count > 0, count <= UInt64(size), address <= UInt64(size) - count else {
      throw HDF5Failure(
        .outside, at: owner, expected: "a range inside the file's \(size) bytes",
        found: "\(count) bytes at \(address)")
    }
    return Int(address)..<Int(address) + Int(count)
  }

  /// A block that ends with its checksum; the checksum is compared, and left out.
  ///
  /// - Throws: `HDF5Failure`.
  mutating func block(
    _ address: UInt64, _ count: UInt64, of owner: String, part: String, code: HDF5FailureCode
  ) throws -> ByteCursor {
    guard count > 4 else {
      throw HDF5Failure(
        code, at: "\(owner) \(part)", expected: "a block with a checksum", found: "\(count) bytes")
    }
    let range = try claim(address, count, .structure, for: owner)
    let bytes = copy(range)
    let body = bytes.count - 4
    let stored = bytes[body...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    let found = Lookup3.checksum(of: bytes, count: body)
    guard found == stored else {
      throw HDF5Failure(
        .damaged, at: owner, expected: "checksum \(String(stored, radix: 16)) of its \(part)",
        found: String(found, radix: 16))
    }
    var cursor = ByteCursor(bytes, at: owner, part: part, code: code)
    return try cursor.block(body, part: part, code: code)
  }

  /// The start of a block whose size is not known yet: up to `limit` bytes, unclaimed.
  ///
  /// - Throws: `HDF5Failure` if not even one byte is inside the file.
  func peek(_ address: UInt64, limit: Int, of owner: String) throws -> [UInt8] {
    let start = try range(address, 1, for: owner).lowerBound
    return copy(start..<min(start + limit, size))
  }

  private func copy(_ range: Range<Int>) -> [UInt8] { file.part(range).copy() }

  /// Requires that no two claims share a byte, that all other bytes are zero, and that no claim could
  /// start earlier behind one of its own kind.
  ///
  /// - Throws: `HDF5Failure`.
  func settle() throws {
    var (end, kind) = (0, Kind.structure)
    for claim in claims.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard claim.start >= end else {
        throw HDF5Failure(
          .overlap, at: owners[claim.owner], expected: "bytes of its own from \(claim.start) on",
          found: "something else up to byte \(end)")
      }
      try checkGap(end..<claim.start)
      if claim.kind == kind { try checkPlace(claim, after: end) }
      (end, kind) = (claim.end, claim.kind)
    }
    try checkGap(end..<size)
  }

  /// A chunk of zeros could be moved into a hole of zeros, and nothing in the file would say so.
  private func checkPlace(_ claim: Claim, after end: Int) throws {
    guard claim.start - end < HDF5Limits.alignment else {
      throw HDF5Failure(
        .alignment, at: owners[claim.owner],
        expected: "a start at the first multiple of \(HDF5Limits.alignment) from byte \(end) on",
        found: "byte \(claim.start)")
    }
  }

  private func checkGap(_ gap: Range<Int>) throws {
    guard gap.count <= HDF5Limits.gapBytes else {
      throw HDF5Failure(
        .limit, at: "byte \(gap.lowerBound)",
        expected: "at most \(HDF5Limits.gapBytes) bytes that belong to nothing",
        found: "\(gap.count)")
    }
    guard let (offset, byte) = firstNonzero(gap) else { return }
    throw HDF5Failure(
      .gap, at: "byte \(offset)",
      expected: "zeros between byte \(gap.lowerBound) and \(gap.upperBound)",
      found: "0x\(String(byte, radix: 16))")
  }

  private func firstNonzero(_ range: Range<Int>) -> (offset: Int, byte: UInt8)? {
    file.part(range).withBytes { bytes in
      for offset in 0..<bytes.byteCount {
        // SAFETY: `offset` is inside the span; every bit pattern is an integer.
        let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        if byte != 0 { return (range.lowerBound + offset, byte) }
      }
      return nil
    }
  }
}
