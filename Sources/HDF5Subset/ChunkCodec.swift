import Concurrency
import Diagnostics
public import FileAccess

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
  /// The most bytes of a chunk: a frame of one segment has a window as large as its content, and
  /// decoders take larger ones only if they are told to.
  public static let chunkByteLimit = 1 << 27

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
    let elements = elements.extracting(range(chunk))
    do {
      return try CodecWorkspaces.with { workspace in
        let frame = try unsafe workspace.encode(planes: width, bytes: chunkBytes) { planes in
          unsafe Planes.split(elements, width: width, into: planes)
        }
        return Fletcher32.stored(with: unsafe frame.bytes)
      }
    } catch let error as ZstdError {
      throw HDF5Failure(
        .write, at: "chunk \(chunk)", expected: "zstd to succeed", found: error.words)
    }
  }

  /// The tensor's bytes from all its stored chunks, decoded on all cores; sizes are checked before
  /// memory is taken.
  ///
  /// - Throws: `HDF5Failure` for a wrong checksum, and for a frame that does not decode to exactly one
  ///   chunk.
  public func decode(_ stored: [ByteRegion], at place: String) throws -> [UInt8] {
    precondition(stored.count == count, "as many chunks as the tensor has")
    return try unsafe [UInt8](unsafeUninitializedCapacity: rows * rowBytes) { buffer, initialized in
      // SAFETY: chunks write disjoint ranges, which cover the buffer; it outlives the call.
      nonisolated(unsafe) let elements = UnsafeMutableRawBufferPointer(buffer)
      _ = try Array(stored.enumerated()).concurrentMap { chunk, region in
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: elements[range(chunk)])
        try region.withBytes { try unsafe decode(chunk, from: $0, into: target, at: place) }
        region.releasePages()
      }
      initialized = rows * rowBytes
    }
  }

  private func decode(
    _ chunk: Int, from stored: RawSpan, into elements: UnsafeMutableRawBufferPointer,
    at place: String
  ) throws {
    let place = "\(place) chunk \(chunk)"
    guard Fletcher32.isIntact(stored) else {
      throw HDF5Failure(.damaged, at: place, expected: "its Fletcher-32", found: "another")
    }
    let frame = stored.extracting(0..<stored.byteCount - Fletcher32.byteCount)
    do {
      try checkHeader(frame)
      try CodecWorkspaces.with { workspace in
        let planes = try unsafe workspace.decode(frame, bytes: chunkBytes)
        try unsafe join(planes, into: elements)
      }
    } catch let refusal as FrameRefusal {
      throw HDF5Failure(.frame, at: place, expected: refusal.expected, found: refusal.found)
    } catch let error as ZstdError {
      throw HDF5Failure(.frame, at: place, expected: "a frame that decodes", found: error.words)
    }
  }

  /// What a frame says of itself, before it is decoded.
  private func checkHeader(_ frame: RawSpan) throws {
    // The library may also know formats from before 1.0, which nobody writes and others refuse.
    let magic = unsafe frame.byteCount > 4 ? frame.unsafeLoadUnaligned(as: UInt32.self) : 0
    guard UInt32(littleEndian: magic) == 0xFD2F_B528 else {
      throw FrameRefusal(expected: "a zstd frame", found: "other bytes")
    }
    guard LibZstd.ZSTD_findFrameCompressedSize(frame) == frame.byteCount else {
      throw FrameRefusal(
        expected: "one zstd frame and nothing after it", found: "\(frame.byteCount) other bytes")
    }
    // One segment, checksum, no dictionary; the bits that decoders ignore must be zero.
    let descriptor = unsafe frame.unsafeLoad(fromByteOffset: 4, as: UInt8.self)
    guard descriptor & 0x3F == 0x24 else {
      throw FrameRefusal(
        expected: "a frame of one segment with checksum",
        found: "descriptor 0x" + String(descriptor, radix: 16))
    }
    guard LibZstd.ZSTD_getFrameContentSize(frame) == UInt64(chunkBytes) else {
      throw FrameRefusal(expected: "a frame of \(chunkBytes) bytes", found: "another size or none")
    }
  }

  /// Puts the planes of a chunk together; what is beyond the tensor's rows must be zero.
  private func join(
    _ planes: UnsafeRawBufferPointer, into elements: UnsafeMutableRawBufferPointer
  ) throws {
    guard planes.count == chunkBytes else {
      throw FrameRefusal(expected: "\(chunkBytes) bytes", found: "\(planes.count)")
    }
    let (plane, used) = (chunkBytes / width, elements.count / width)
    for byte in 0..<width where used < plane {
      let padding = unsafe planes[byte * plane + used..<(byte + 1) * plane]
      guard unsafe padding.allSatisfy({ $0 == 0 }) else {
        throw FrameRefusal(expected: "zeros after the last row", found: "other bytes")
      }
    }
    unsafe Planes.join(planes, width: width, into: elements)
  }

  /// The version of the library that encodes, as in `1.5.4`.
  public static var libraryVersion: String { LibZstd.ZSTD_versionString() }
}

/// Why a frame is not the chunk's.
private struct FrameRefusal: Error {
  let expected: String
  let found: String
}
