import Diagnostics
import Glibc

/// A file that is read and written at any place, by any thread.
///
/// Corresponds to `pread(2)` and `pwrite(2)`.
public final class RandomAccessFile: Sendable {
  /// The path at which it was opened; the file may have been renamed since.
  public let path: String
  private let descriptor: Int32

  /// Creates a file under a name that nobody has.
  ///
  /// - Throws: `FileFailure`.
  public init(creating path: String) throws {
    self.path = path
    descriptor = try LibC.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
  }

  /// Opens a regular file that exists.
  ///
  /// - Throws: `FileFailure`.
  public init(opening path: String) throws {
    self.path = path
    descriptor = try LibC.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
  }

  /// Opens what another process of this user left, to go on writing it; `nil` unless it is a regular
  /// file of this user that has no other name: through a link, another file would be written to.
  public init?(takingOver path: String) {
    guard let descriptor = try? LibC.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK) else {
      return nil
    }
    self.path = path
    self.descriptor = descriptor
    guard let status = try? LibC.fstat(descriptor, path), status.isOwnFile else { return nil }
  }

  deinit { try? LibC.close(descriptor, path) }

  /// Writes all bytes at an offset.
  ///
  /// - Throws: `FileFailure`.
  public func write(_ bytes: RawSpan, at offset: Int) throws {
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(done..<bytes.byteCount)
      let count = try LibC.pwrite(descriptor, rest, at: offset + done, path)
      guard count > 0 else { throw FileFailure.current("write", at: path) }
      done += count
    }
  }

  /// Reads a range in pieces of at most a buffer's size, and says where it ended: at the range's
  /// end or, if that comes first, at the file's.
  ///
  /// - Throws: `FileFailure`, and what `body` throws.
  public func read(
    _ range: Range<Int>, through buffer: inout [UInt8], _ body: (RawSpan) throws -> Void
  ) throws -> Int {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = try LibC.pread(descriptor, &buffer, at: offset, path)
      if count == 0 { break }
      let wanted = min(count, range.upperBound - offset)
      try body(unsafe buffer.span.bytes.extracting(0..<wanted))
      offset += wanted
    }
    return offset
  }

  /// The size in bytes.
  ///
  /// - Throws: `FileFailure`.
  public func size() throws -> Int { try LibC.fstat(descriptor, path).st_size }

  /// Cuts or extends the file.
  ///
  /// - Throws: `FileFailure`.
  public func resize(to size: Int) throws { try LibC.ftruncate(descriptor, size, path) }

  /// Takes everybody's right to write to the file.
  ///
  /// - Throws: `FileFailure`.
  public func makeReadOnly() throws {
    try LibC.fchmod(descriptor, LibC.fstat(descriptor, path).st_mode & 0o444, path)
  }

  /// Requires a name to be still that of this file, which others may have replaced meanwhile.
  ///
  /// - Throws: `FileFailure` named `file-changed`.
  public func requireName(_ path: String) throws {
    let (named, own) = (try LibC.lstat(path), try LibC.fstat(descriptor, path))
    guard named.st_dev == own.st_dev, named.st_ino == own.st_ino else {
      throw FileFailure.changed(at: path, found: "another file under its name")
    }
  }

  /// Waits until what was written outlasts a power cut.
  ///
  /// - Throws: `FileFailure`.
  public func synchronize() throws { try LibC.fdatasync(descriptor, path) }
}
