import Diagnostics
import FileAccess

/// The first 48 bytes: where the root group is.
///
/// Corresponds to "Level 0A - Format Signature and Superblock", version 3, of the HDF5 file format.
struct Superblock {
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let byteCount = 48
  private static let undefined = UInt64.max

  /// Address of the root group's object header.
  let root: UInt64

  /// - Throws: `HDF5Failure`.
  init(_ file: inout ClaimedFile) throws {
    let place = "superblock"
    try Self.checkSignature(file)
    guard file.size >= Self.byteCount else {
      throw HDF5Failure(
        .size, at: place, expected: "at least \(Self.byteCount) bytes", found: "\(file.size)")
    }
    // Other versions have other fields, so the version comes before the checksum.
    let version = try file.peek(8, limit: 1, of: place)
    guard version == [3] else {
      throw HDF5Failure(
        .superblock, at: place, expected: "version 3", found: "version \(version[0])")
    }
    var block = try file.block(
      0, UInt64(Self.byteCount), of: place, part: "fields", code: .superblock)
    _ = try block.take(9)
    try block.expect(8, "size of offsets")
    try block.expect(8, "size of lengths")
    try block.expect(0, "consistency flags")
    try Self.expect(&block, 0, "base address")
    try Self.expect(&block, Self.undefined, "superblock extension")
    let end = try block.integer(8)
    guard end == UInt64(file.size) else {
      throw HDF5Failure(
        .size, at: place, expected: "\(end) bytes in the file", found: "\(file.size)")
    }
    root = try block.integer(8)
  }

  private static func expect(_ block: inout ByteCursor, _ value: UInt64, _ field: String) throws {
    let found = try block.integer(8)
    guard found == value else {
      throw block.failure(expected: "\(field) \(value)", found: "\(found)")
    }
  }

  /// HDF5 looks for its signature at byte 0, 512, 1,024 and so on; here only byte 0 will do.
  private static func checkSignature(_ file: ClaimedFile) throws {
    func holds(_ address: Int) throws -> Bool {
      guard address < file.size else { return false }
      return try file.peek(UInt64(address), limit: signature.count, of: "byte 0") == signature
    }
    if try holds(0) { return }
    var address = 512
    while address < file.size {
      if try holds(address) {
        throw HDF5Failure(
          .userBlock, at: "superblock", expected: "byte 0", found: "byte \(address)")
      }
      address *= 2
    }
    throw HDF5Failure(
      .foreign, at: "byte 0", expected: "the signature of HDF5", found: "\(file.size) other bytes")
  }
}
