/// The list of a dataset's chunks: a header, and one block with an entry for each chunk.
///
/// Corresponds to "The Fixed Array Index" of the HDF5 file format, filtered chunks without pages.
enum FixedArray {
  private static let headerBytes: UInt64 = 28
  private static let filtered = 1
  /// A page has 2^10 entries, and no dataset more chunks.
  static let pageBits = 10

  /// The chunks in order of the first axis.
  ///
  /// - Parameter chunkBytes: bytes of a decoded chunk; they decide how wide an entry is.
  /// - Throws: `HDF5Failure`.
  static func chunks(
    at address: UInt64, count: Int, chunkBytes: Int, of place: String, in file: inout ClaimedFile
  ) throws -> [DataLayout.StoredChunk] {
    var header = try file.block(
      address, headerBytes, of: place, part: "fixed array header", code: .index)
    try header.expect(signature: "FAHD")
    try header.expect(0, "version")
    try header.expect(filtered, "client")
    let sizeWidth = min(8, 1 + (Int.bitWidth - chunkBytes.leadingZeroBitCount + 7) / 8)
    let entryBytes = 8 + sizeWidth + 4
    try header.expect(entryBytes, "entry size")
    try header.expect(pageBits, "page bits")
    let found = try header.integer(8)
    guard found == UInt64(count) else {
      throw header.failure(expected: "\(count) entries", found: "\(found)")
    }
    let block = try header.integer(8)
    try header.finish()
    return try entries(
      at: block, count, (sizeWidth, entryBytes), of: address, place, in: &file)
  }

  private static func entries(
    at address: UInt64, _ count: Int, _ width: (size: Int, entry: Int), of header: UInt64,
    _ place: String, in file: inout ClaimedFile
  ) throws -> [DataLayout.StoredChunk] {
    let size = 14 + count * width.entry + 4
    var block = try file.block(
      address, UInt64(size), of: place, part: "fixed array block", code: .index)
    try block.expect(signature: "FADB")
    try block.expect(0, "version")
    try block.expect(filtered, "client")
    let back = try block.integer(8)
    guard back == header else {
      throw block.failure(expected: "the header at \(header)", found: "one at \(back)")
    }
    return try (0..<count).map { _ in
      let (address, count) = (try block.integer(8), try block.integer(width.size))
      return DataLayout.StoredChunk(
        address: address, byteCount: count, skippedFilters: try block.integer(4))
    }
  }
}
