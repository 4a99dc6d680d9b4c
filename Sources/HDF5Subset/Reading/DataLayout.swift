/// Where a dataset's elements are, as its layout message says.
///
/// Corresponds to "The Data Layout Message", versions 3 (compact only) and 4, of the HDF5 file format.
enum DataLayout {
  /// In one piece, in this file or in others: not in the subset.
  case contiguous
  /// In the message.
  case compact([UInt8])
  /// One filtered chunk.
  case single(chunk: [Int], stored: StoredChunk)
  /// A fixed array of chunks, whose header is at an address.
  case fixedArray(chunk: [Int], header: UInt64)

  /// A chunk as it is listed.
  struct StoredChunk {
    let address: UInt64
    let byteCount: UInt64
    let skippedFilters: UInt64
  }

  /// The flags of the fill value message beside it: nothing is filled, and room is made when the dataset
  /// is created, or chunk by chunk.
  var fill: Int {
    switch self {
    case .compact, .contiguous: 0x05
    case .single, .fixedArray: 0x07
    }
  }

  /// - Throws: `HDF5Failure`.
  init(_ message: inout ByteCursor) throws {
    let version = try message.byte()
    guard version == 3 || version == 4 else {
      throw message.failure(.layout, expected: "version 3 or 4", found: "version \(version)")
    }
    switch (try message.byte(), version) {
    case (0, _): self = .compact(Array(try message.take(try message.short())))
    case (2, 4): self = try Self.chunked(&message)
    case (3, _):
      throw message.failure(
        .virtual, expected: "elements of its own", found: "elements of other datasets")
    case (1, _):
      _ = try message.take(16)
      self = .contiguous
    case (let kind, _):
      throw message.failure(.layout, expected: "compact or chunked", found: "class \(kind)")
    }
  }

  private static func chunked(_ message: inout ByteCursor) throws -> DataLayout {
    let flags = try message.byte()
    let rank = try message.byte()
    let width = try message.byte()
    guard (2...HDF5Limits.rank + 1).contains(rank), (1...8).contains(width) else {
      throw message.failure(
        .layout, expected: "1 to \(HDF5Limits.rank) axes and an element size",
        found: "\(rank) extents of \(width) bytes")
    }
    let chunk = try (0..<rank).map { _ in Int(clamping: try message.integer(width)) }
    // As wide as the largest extent needs.
    let largest = chunk.reduce(1, max)
    let needed = (largest.bitWidth - largest.leadingZeroBitCount + 7) / 8
    guard width == needed else {
      throw message.failure(
        .layout, expected: "extents of \(needed) bytes", found: "\(width)")
    }
    switch (try message.byte(), flags) {
    case (1, 2):
      let (count, mask) = (try message.integer(8), try message.integer(4))
      let address = try message.integer(8)
      return .single(
        chunk: chunk,
        stored: StoredChunk(address: address, byteCount: count, skippedFilters: mask))
    case (1, 0):
      throw message.failure(.filter, expected: "a filtered chunk", found: "one without filters")
    case (3, 0):
      try message.expect(FixedArray.pageBits, "page bits", else: .index)
      return .fixedArray(chunk: chunk, header: try message.integer(8))
    case (let index, _):
      throw message.failure(
        .index, expected: "a single chunk or a fixed array",
        found: "index \(index) with flags \(flags)")
    }
  }
}
