// C functions keep their own names here.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

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

  /// Decodes a frame into a buffer, and says how many bytes it became.
  static func ZSTD_decompressDCtx(
    _ context: OpaquePointer, _ frame: RawSpan, into target: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    // SAFETY: both addresses with their own lengths.
    let count = unsafe frame.withUnsafeBytes {
      unsafe CZstd.ZSTD_decompressDCtx(
        context, target.baseAddress, target.count, $0.baseAddress, $0.count)
    }
    try check(count)
    return count
  }

  /// How few repetitions are looked for: fewer, the further below zero. In trained weights most cost
  /// more bytes than they save, in others some are worth it; measured in docs/formats-compared.md.
  private static let level: Int32 = -6_000

  /// A context that codes as chunks are coded: content size and checksum in the frame, and sequences
  /// off, so that only Huffman coding is left.
  static func makeEncoder() throws -> OpaquePointer {
    guard let context = unsafe ZSTD_createCCtx() else { throw ZstdError.memory }
    try unsafe set(context, ZSTD_c_compressionLevel, level)
    try unsafe set(context, ZSTD_c_checksumFlag, 1)
    try unsafe set(context, ZSTD_c_experimentalParam5, Int32(ZSTD_ps_enable.rawValue))
    return unsafe context
  }

  /// A context that decodes.
  static func makeDecoder() throws -> OpaquePointer {
    guard let context = unsafe ZSTD_createDCtx() else { throw ZstdError.memory }
    return unsafe context
  }

  private static func set(
    _ context: OpaquePointer, _ parameter: ZSTD_cParameter, _ value: Int32
  ) throws {
    try check(unsafe ZSTD_CCtx_setParameter(context, parameter, value))
  }

  /// The most bytes that `compressPieces` gives. Every flush can add a block header beyond the bound of
  /// one shot.
  static func bound(_ count: Int, pieces: Int) -> Int { ZSTD_compressBound(count) + 64 * pieces }

  /// One frame of equal pieces, each ended by a flush so that it has tables of its own; how many bytes
  /// it has.
  static func compressPieces(
    _ context: OpaquePointer, _ source: UnsafeRawBufferPointer, pieces: Int,
    into target: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    let total = source.count
    try check(unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
    // A window as large as the content, which is at most 2^27 bytes, makes a frame of one segment,
    // without a window in its header.
    let windowLog = min(max(Int.bitWidth - (total - 1).leadingZeroBitCount, 10), 27)
    try unsafe set(context, ZSTD_c_windowLog, Int32(windowLog))
    try check(unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(total)))
    var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: 0, pos: 0)
    var sink = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
    for piece in 1...pieces {
      // SAFETY: at most the source's own length; both positions are the library's.
      unsafe input.size = total / pieces * piece
      let rest = unsafe ZSTD_compressStream2(
        context, &sink, &input, piece == pieces ? ZSTD_e_end : ZSTD_e_flush)
      try check(rest)
      guard rest == 0 else { throw ZstdError.memory }
    }
    return unsafe sink.pos
  }

  private static func check(_ result: Int) throws {
    if ZSTD_isError(result) != 0 { throw ZstdError(code: result) }
  }
}

/// An error of libzstd.
struct ZstdError: Error {
  let code: Int

  /// The library could not allocate, or a buffer was too small.
  static var memory: ZstdError { ZstdError(code: 0) }

  /// The library's own words.
  var words: String { unsafe String(cString: ZSTD_getErrorName(code)).lowercased() }
}
