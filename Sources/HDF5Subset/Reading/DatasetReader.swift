import Diagnostics

/// Puts the parts of a dataset together: type, extent, filters and layout must fit each other.
enum DatasetReader {
  /// - Throws: `HDF5Failure`.
  static func dataset(
    _ parts: ObjectParts, _ path: String, in file: inout ClaimedFile
  ) throws -> HDF5Dataset {
    guard let type = parts.type, let shape = parts.shape, let layout = parts.layout,
      let fill = parts.fill
    else {
      throw HDF5Failure(
        .message, at: path, expected: "type, extent, fill value and layout",
        found: "a dataset without")
    }
    let object = Object(
      path: path, type: type, shape: shape, byteCount: try byteCount(type, shape, path),
      filters: parts.filters ?? [])
    let elements = try object.elements(layout, in: &file)
    guard fill == layout.fill else {
      throw HDF5Failure(
        .message, at: "\(path) fill value message",
        expected: "flags 0x\(String(layout.fill, radix: 16))",
        found: "0x\(String(fill, radix: 16))")
    }
    return HDF5Dataset(type: type, shape: shape, elements: elements)
  }

  private static func byteCount(_ type: HDF5Type, _ shape: [Int], _ path: String) throws -> Int {
    let limit = HDF5Limits.datasetBytes - Fletcher32.byteCount
    return try shape.reduce(type.byteCount) { total, extent in
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard !overflow, product < limit else {
        throw HDF5Failure(
          .limit, at: path, expected: "less than \(limit) bytes",
          found: "\(type.byteCount) bytes times \(shape)")
      }
      return product
    }
  }
}

/// A dataset whose extent is known.
private struct Object {
  let path: String
  let type: HDF5Type
  let shape: [Int]
  let byteCount: Int
  let filters: [FilterDescription]

  private static let fletcher32 = FilterDescription(id: 3, isOptional: false, parameters: [])
  private static let zstd = FilterDescription(
    id: ChunkCodec.filter, isOptional: false, parameters: [])
  private var compression: [FilterDescription] {
    [
      FilterDescription(id: 2, isOptional: true, parameters: [type.byteCount]), Self.zstd,
      Self.fletcher32,
    ]
  }

  func elements(_ layout: DataLayout, in file: inout ClaimedFile) throws -> HDF5Elements {
    switch layout {
    case .contiguous: throw failure(.layout, "compact or chunked", "contiguous")
    case .compact(let bytes): return .inHeader(try inHeader(bytes))
    case .single(let chunk, let stored) where filters == [Self.fletcher32]:
      try require(chunk, rows: shape.first)
      return .inFile(try range(stored, count: byteCount + Fletcher32.byteCount, in: &file))
    case .single(let chunk, let stored) where filters == compression:
      return .compressed(try compressed(chunk, in: &file) { _, _ in [stored] })
    case .fixedArray(let chunk, let header) where filters == compression:
      return .compressed(
        try compressed(chunk, in: &file) { codec, file in
          try FixedArray.chunks(
            at: header, count: codec.count, chunkBytes: codec.chunkBytes, of: path, in: &file)
        })
    case .fixedArray where filters == [Self.fletcher32]:
      throw failure(.layout, "one chunk \(shape)", "several")
    default:
      throw failure(
        .filter, "filter 3, or 2 (optional) of \(type.byteCount) bytes, \(ChunkCodec.filter) and 3",
        "filters \(filters.map(\.words).joined(separator: ", "))")
    }
  }

  /// Rank 0: the element lies in the layout message.
  private func inHeader(_ bytes: [UInt8]) throws -> [UInt8] {
    guard shape.isEmpty else {
      throw failure(.layout, "chunks of \(shape)", "elements in the header")
    }
    guard filters.isEmpty else {
      throw failure(.filter, "no filter in the header", "filter \(filters[0].id)")
    }
    guard bytes.count == byteCount else {
      throw failure(.layout, "\(byteCount) bytes in the header", "\(bytes.count)")
    }
    return bytes
  }

  private func require(_ chunk: [Int], rows: Int?) throws {
    guard let rows else { throw failure(.layout, "rows", "a single element in chunks") }
    let wanted = [rows] + shape.dropFirst() + [type.byteCount]
    guard chunk == wanted else { throw failure(.layout, "chunks \(wanted)", "chunks \(chunk)") }
  }

  private func compressed(
    _ chunk: [Int], in file: inout ClaimedFile,
    _ list: (ChunkCodec, inout ClaimedFile) throws -> [DataLayout.StoredChunk]
  ) throws -> [Range<Int>] {
    guard case .number = type, !shape.isEmpty else {
      throw failure(.filter, "filter 3", "compressed text or a single element")
    }
    let codec = ChunkCodec(width: type.byteCount, shape: shape)
    try require(chunk, rows: codec.rowsPerChunk)
    let chunks = try list(codec, &file)
    guard chunks.count == codec.count else {
      throw failure(.layout, "\(codec.count) chunks", "\(chunks.count)")
    }
    return try chunks.map { try range($0, count: nil, in: &file, codec) }
  }

  /// Where a chunk is; `count` is what it must hold, if that is known.
  private func range(
    _ chunk: DataLayout.StoredChunk, count: Int?, in file: inout ClaimedFile,
    _ codec: ChunkCodec? = nil
  ) throws -> Range<Int> {
    guard chunk.address != .max else { throw failure(.chunk, "every chunk", "one never written") }
    guard chunk.skippedFilters == 0 else {
      throw failure(.chunk, "every filter applied", "filter mask \(chunk.skippedFilters)")
    }
    if let count, chunk.byteCount != UInt64(count) {
      throw failure(.chunk, "\(count) stored bytes", "\(chunk.byteCount)")
    }
    if let codec, chunk.byteCount < UInt64(codec.leastStoredBytes) {
      throw failure(
        .limit, "at least \(codec.leastStoredBytes) stored bytes for \(codec.chunkBytes)",
        "\(chunk.byteCount)")
    }
    return try file.claim(chunk.address, chunk.byteCount, .chunk, for: path)
  }

  private func failure(
    _ code: HDF5FailureCode, _ expected: String, _ found: String
  ) -> HDF5Failure {
    HDF5Failure(code, at: path, expected: expected, found: found)
  }
}
