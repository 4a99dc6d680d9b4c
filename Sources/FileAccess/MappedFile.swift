import Diagnostics
import Glibc

/// A regular file mapped read-only into memory; unmapped when the last reference goes.
///
/// Pages come from the disk when touched, so mapping a file costs nothing until it is read.
///
/// Corresponds to `mmap(2)`.
@safe
public final class MappedFile: Sendable {
  /// The path as given.
  public let path: String
  /// The file's size in bytes when it was mapped.
  public let size: Int
  // SAFETY: set once in `init`, never written through, valid until `deinit` unmaps it.
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer?
  /// The number under which the guard watches the mapping.
  private let watch: Int32?

  /// Maps a file.
  ///
  /// - Throws: `FileFailure`.
  public init(path: String) throws {
    let (descriptor, stamp) = try Self.openRegular(path)
    self.path = path
    size = stamp.size
    do {
      unsafe base = size > 0 ? try unsafe LibC.mmap(descriptor, size: size, path) : nil
    } catch {
      try LibC.close(descriptor, path)
      throw error
    }
    watch = unsafe base.flatMap { base in
      unsafe MappedFileGuard.watch(
        base, size: stamp.size, descriptor: descriptor, stamp: stamp, path: path)
    }
    if watch == nil { try LibC.close(descriptor, path) }
  }

  /// Opens a regular file for reading; a pipe or a device is refused without waiting for it.
  static func openRegular(_ path: String) throws -> (descriptor: Int32, stamp: FileStamp) {
    let descriptor = try LibC.open(path, O_RDONLY | O_NONBLOCK)
    do {
      let status = try LibC.fstat(descriptor, path)
      guard status.st_mode & S_IFMT == S_IFREG else {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        throw FileFailure(
          .notRegular, at: path, expected: "a regular file",
          found: isFolder ? "a folder" : "something else")
      }
      return (descriptor, FileStamp(status))
    } catch {
      try LibC.close(descriptor, path)
      throw error
    }
  }

  deinit {
    if let watch { MappedFileGuard.end(watch) }
    if let base = unsafe base { unsafe munmap(base, size) }
  }

  /// Lends the bytes of a range; a range outside the file is a programming error.
  public func withBytes<Result>(
    in range: Range<Int>, _ body: (RawSpan) throws -> Result
  ) rethrows -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "range outside the file")
    // SAFETY: the mapping covers 0..<size, and `self` outlives the call.
    let buffer = unsafe UnsafeRawBufferPointer(start: base, count: size)
    return try body(unsafe buffer.bytes.extracting(range))
  }

  /// Tells the system that the pages of a range will not be needed soon; they can be read again.
  ///
  /// Keeps the resident size of a long pass over a large file small. Corresponds to `madvise(2)`.
  public func releasePages(in range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard let base = unsafe base, start < end else { return }
    // SAFETY: whole pages inside the mapping; it is never written, so dropping pages loses nothing.
    _ = unsafe madvise(base + start, end - start, MADV_DONTNEED)
  }
}
