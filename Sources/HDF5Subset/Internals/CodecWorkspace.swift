import CZstd
import Synchronization

/// What coding or decoding a chunk needs besides the chunk: zstd's contexts, and room for the planes
/// and for a frame. Kept between chunks, because making them anew costs as much as the coding.
@safe
final class CodecWorkspace {
  // SAFETY: made in `init`, freed in `deinit`, and used by whoever has the workspace.
  private let encoder: OpaquePointer
  private let decoder: OpaquePointer
  private var planes: UnsafeMutableRawBufferPointer
  private var frame: UnsafeMutableRawBufferPointer

  init() throws {
    unsafe encoder = try LibZstd.makeEncoder()
    unsafe decoder = try LibZstd.makeDecoder()
    unsafe planes = .allocate(byteCount: 0, alignment: 64)
    unsafe frame = .allocate(byteCount: 0, alignment: 64)
  }

  deinit {
    _ = unsafe ZSTD_freeCCtx(encoder)
    _ = unsafe ZSTD_freeDCtx(decoder)
    unsafe planes.deallocate()
    unsafe frame.deallocate()
  }

  /// Codes what `fill` puts into the planes of a chunk; the frame lives until the next call.
  func encode(
    planes count: Int, bytes: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void
  ) throws -> UnsafeRawBufferPointer {
    unsafe Self.grow(&planes, to: bytes)
    unsafe Self.grow(&frame, to: LibZstd.bound(bytes, pieces: count))
    let source = unsafe UnsafeMutableRawBufferPointer(rebasing: planes[..<bytes])
    unsafe fill(source)
    let written = try unsafe LibZstd.compressPieces(
      encoder, UnsafeRawBufferPointer(source), pieces: count, into: frame)
    return unsafe UnsafeRawBufferPointer(rebasing: frame[..<written])
  }

  /// Decodes a frame into the planes of a chunk, which live until the next call.
  func decode(_ stored: RawSpan, bytes: Int) throws -> UnsafeRawBufferPointer {
    unsafe Self.grow(&planes, to: bytes)
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: planes[..<bytes])
    let count = try unsafe LibZstd.ZSTD_decompressDCtx(decoder, stored, into: target)
    return unsafe UnsafeRawBufferPointer(rebasing: target[..<count])
  }

  private static func grow(_ buffer: inout UnsafeMutableRawBufferPointer, to bytes: Int) {
    guard buffer.count < bytes else { return }
    unsafe buffer.deallocate()
    unsafe buffer = .allocate(byteCount: bytes, alignment: 64)
  }
}

/// Workspaces that nobody uses at the moment.
enum CodecWorkspaces {
  // SAFETY: a workspace is in the list or has one user, never both.
  private struct Idle: @unchecked Sendable { let workspace: CodecWorkspace }

  private static let idle = Mutex<[Idle]>([])

  /// Lends a workspace.
  static func with<Result>(_ body: (CodecWorkspace) throws -> Result) throws -> Result {
    let workspace = try idle.withLock { $0.popLast() }?.workspace ?? CodecWorkspace()
    defer {
      let returned = Idle(workspace: workspace)
      idle.withLock { $0.append(returned) }
    }
    return try body(workspace)
  }
}
