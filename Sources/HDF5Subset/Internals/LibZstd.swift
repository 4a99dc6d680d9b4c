import CZstd
import Diagnostics

/// The functions of libzstd that this project uses, each wrapped once under its own name.
enum LibZstd {
  /// Version of the library, as in `1.5.4`.
  static func ZSTD_versionString() -> String {
    unsafe String(cString: CZstd.ZSTD_versionString())
  }

  /// The size that a frame says it decodes to; `nil` if it does not say.
  static func ZSTD_getFrameContentSize(_ frame: RawSpan) -> UInt64? {
    // SAFETY: the buffer's own address and length.
    let size = unsafe frame.withUnsafeBytes {
      unsafe CZstd.ZSTD_getFrameContentSize($0.baseAddress, $0.count)
    }
    // The two largest values mean "unknown" and "error".
    return size >= UInt64.max - 1 ? nil : size
  }

  /// The length of the first frame in some bytes; `nil` if there is none.
  static func ZSTD_findFrameCompressedSize(_ bytes: RawSpan) -> Int? {
    let size = unsafe bytes.withUnsafeBytes {
      unsafe CZstd.ZSTD_findFrameCompressedSize($0.baseAddress, $0.count)
    }
    return CZstd.ZSTD_isError(size) == 0 ? size : nil
  }

  /// Decodes a frame into exactly `count` bytes; an error is the library's own words.
  static func ZSTD_decompress(_ frame: RawSpan, count: Int) -> Result<[UInt8], ZstdError> {
    var written = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      written = unsafe frame.withUnsafeBytes {
        // SAFETY: both addresses with their own lengths.
        unsafe CZstd.ZSTD_decompress(buffer.baseAddress, count, $0.baseAddress, $0.count)
      }
      initialized = CZstd.ZSTD_isError(written) == 0 ? min(written, count) : 0
    }
    if CZstd.ZSTD_isError(written) != 0 { return .failure(ZstdError(code: written)) }
    return .success(bytes)
  }

  /// One frame that holds the pieces, each ended by a flush so that it has tables of its own.
  ///
  /// The frame carries content size and checksum; sequences are off, so only Huffman coding is left.
  static func compressPieces(_ pieces: [ArraySlice<UInt8>]) throws -> [UInt8] {
    guard let context = unsafe ZSTD_createCCtx() else { throw ZstdError(code: 0) }
    defer { _ = unsafe ZSTD_freeCCtx(context) }
    let total = pieces.reduce(0) { $0 + $1.count }
    try check(unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, -1000))
    try check(unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    try check(
      unsafe ZSTD_CCtx_setParameter(
        context, ZSTD_c_experimentalParam5, Int32(ZSTD_ps_enable.rawValue)))
    // A window as large as the content makes a frame of one segment, without a window in its header.
    let windowLog = min(max(Int.bitWidth - (total - 1).leadingZeroBitCount, 10), 27)
    try check(unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, Int32(windowLog)))
    try check(unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(total)))
    // Every flush can add a block header beyond the bound of one shot.
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(total) + 64 * pieces.count)
    var written = 0
    for (index, piece) in pieces.enumerated() {
      let end = index == pieces.count - 1 ? ZSTD_e_end : ZSTD_e_flush
      try unsafe append(piece, to: &output, at: &written, context, end)
    }
    return Array(output[..<written])
  }

  private static func append(
    _ piece: ArraySlice<UInt8>, to output: inout [UInt8], at written: inout Int,
    _ context: OpaquePointer, _ end: ZSTD_EndDirective
  ) throws {
    // SAFETY: both buffers with their own lengths; the positions are the library's.
    let (rest, position) = unsafe piece.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var sink = unsafe ZSTD_outBuffer(
          dst: target.baseAddress, size: target.count, pos: written)
        var rest = 1
        while rest != 0, unsafe sink.pos < sink.size {
          rest = unsafe ZSTD_compressStream2(context, &sink, &input, end)
          if ZSTD_isError(rest) != 0 { break }
        }
        return (rest, unsafe sink.pos)
      }
    }
    try check(rest)
    guard rest == 0 else { throw ZstdError(code: 0) }
    written = position
  }

  private static func check(_ result: Int) throws {
    if ZSTD_isError(result) != 0 { throw ZstdError(code: result) }
  }
}

/// An error of libzstd.
struct ZstdError: Error {
  let code: Int

  /// The library's own words.
  var words: String { unsafe String(cString: ZSTD_getErrorName(code)).lowercased() }
}
