import Diagnostics

/// Layout `compact`: a tensor in chunks along its first axis, each shuffled into byte planes (filter
/// 2), coded as one zstd frame (filter 32015) and followed by its checksum (filter 3).
///
/// Weights compress by their exponents: one byte plane in four. So sequences are off, each plane ends
/// with a flush and has its own Huffman table. A frame carries its content size and a checksum: a
/// reader knows the size before it takes memory. Some bits of a frame change nothing that is decoded;
/// filter 3 makes any reader notice these too.
///
/// Corresponds to schemas/v1/FORMAT.md, "Layouts".
public struct ChunkCodec: Sendable {
  /// The registered number of zstd among HDF5's filters.
  public static let filter = 32_015

  private static let targetBytes = 1 << 20
  private static let chunkLimit = 1_024

  /// Bytes of an element.
  private let width: Int
  /// Bytes of one row: of everything below the first axis.
  private let rowBytes: Int
  /// Rows of the tensor.
  private let rows: Int
  /// Rows of a chunk.
  public let rowsPerChunk: Int

  /// The chunking of a tensor of rank 1 or more without empty axes.
  public init(width: Int, shape: [Int]) {
    precondition(!shape.isEmpty && shape.allSatisfy { $0 > 0 }, "a tensor with rows")
    self.width = width
    rows = shape[0]
    rowBytes = shape.dropFirst().reduce(width, *)
    rowsPerChunk = Self.rowsPerChunk(rows: rows, rowBytes: rowBytes)
  }

  /// A mebibyte's worth of rows, at least one, doubled until there are at most 1,024 chunks.
  private static func rowsPerChunk(rows: Int, rowBytes: Int) -> Int {
    var perChunk = max(1, targetBytes / rowBytes)
    while (rows + perChunk - 1) / perChunk > chunkLimit { perChunk *= 2 }
    return min(perChunk, rows)
  }

  /// The number of chunks.
  public var count: Int { (rows + rowsPerChunk - 1) / rowsPerChunk }

  /// Bytes of a decoded chunk; the last one is padded with zeros.
  public var chunkBytes: Int { rowsPerChunk * rowBytes }

  /// Fewer stored bytes cannot decode to a chunk: a block of zstd has at least 4 bytes and decodes to
  /// at most 128 KiB.
  var leastStoredBytes: Int { chunkBytes / 32_768 + 1 + Fletcher32.byteCount }

  /// The bytes of the tensor that a chunk holds.
  private func range(_ chunk: Int) -> Range<Int> {
    let start = chunk * chunkBytes
    return start..<min(start + chunkBytes, rows * rowBytes)
  }

  /// The stored bytes of one chunk of a tensor's elements.
  ///
  /// - Throws: `HDF5Failure` if the library fails.
  public func encode(_ chunk: Int, of elements: RawSpan) throws -> [UInt8] {
    let range = range(chunk)
    let planes = shuffle(elements.extracting(range))
    let plane = chunkBytes / width
    do {
      let frame = try LibZstd.compressPieces(
        (0..<width).map { planes[$0 * plane..<($0 + 1) * plane] })
      return frame + Fletcher32.stored(of: unsafe frame.span.bytes)
    } catch let error as ZstdError {
      throw HDF5Failure(
        .write, at: "chunk \(chunk)", expected: "zstd to succeed", found: error.words)
    }
  }

  /// The tensor's bytes that a stored chunk holds; the size is checked before memory is taken.
  ///
  /// - Throws: `HDF5Failure` for a wrong checksum, and for a frame that does not decode to exactly one
  ///   chunk.
  public func decode(_ chunk: Int, from stored: RawSpan, at place: String) throws -> [UInt8] {
    let place = "\(place) chunk \(chunk)"
    guard Fletcher32.isIntact(stored) else {
      throw HDF5Failure(.damaged, at: place, expected: "its Fletcher-32", found: "another")
    }
    let frame = stored.extracting(0..<stored.byteCount - Fletcher32.byteCount)
    return try decode(chunk, frame: frame) { expected, found in
      HDF5Failure(.frame, at: place, expected: expected, found: found)
    }
  }

  private func decode(
    _ chunk: Int, frame: RawSpan, _ failure: (String, String) -> HDF5Failure
  ) throws -> [UInt8] {
    guard LibZstd.ZSTD_findFrameCompressedSize(frame) == frame.byteCount else {
      throw failure("one zstd frame and nothing after it", "\(frame.byteCount) other bytes")
    }
    // One segment, checksum, no dictionary; the bits that decoders ignore must be zero.
    let descriptor = unsafe frame.unsafeLoad(fromByteOffset: 4, as: UInt8.self)
    guard descriptor & 0x3F == 0x24 else {
      throw failure(
        "a frame of one segment with checksum", "descriptor 0x" + String(descriptor, radix: 16))
    }
    guard let size = LibZstd.ZSTD_getFrameContentSize(frame), size == UInt64(chunkBytes) else {
      throw failure("a frame of \(chunkBytes) bytes", "another size or none")
    }
    switch LibZstd.ZSTD_decompress(frame, count: chunkBytes) {
    case .failure(let error): throw failure("a frame that decodes", error.words)
    case .success(let planes):
      guard planes.count == chunkBytes else {
        throw failure("\(chunkBytes) bytes", "\(planes.count)")
      }
      let padding = chunkBytes - range(chunk).count
      let elements = unshuffle(planes)
      guard elements.suffix(padding).allSatisfy({ $0 == 0 }) else {
        throw failure("zeros after the last row", "other bytes")
      }
      return Array(elements.dropLast(padding))
    }
  }

  /// All first bytes, all second bytes, and so on; padded to a whole chunk.
  private func shuffle(_ elements: RawSpan) -> [UInt8] {
    var planes = [UInt8](repeating: 0, count: chunkBytes)
    let plane = chunkBytes / width
    for element in 0..<elements.byteCount / width {
      for byte in 0..<width {
        // SAFETY: `element` is below the number of whole elements.
        planes[byte * plane + element] = unsafe elements.unsafeLoad(
          fromByteOffset: element * width + byte, as: UInt8.self)
      }
    }
    return planes
  }

  private func unshuffle(_ planes: [UInt8]) -> [UInt8] {
    let plane = planes.count / width
    var elements = [UInt8](repeating: 0, count: planes.count)
    for byte in 0..<width {
      for element in 0..<plane { elements[element * width + byte] = planes[byte * plane + element] }
    }
    return elements
  }

  /// The version of the library that encodes, as in `1.5.4`.
  public static var libraryVersion: String { LibZstd.ZSTD_versionString() }
}
