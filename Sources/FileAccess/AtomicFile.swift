import Diagnostics
import Glibc

/// A file that appears under its name only when it is complete.
///
/// It is written as a temporary sibling, synced and renamed; a crash leaves the old file or the new
/// one, and a failure removes the sibling. An existing file at the path is replaced as a whole, so
/// a process that has it mapped keeps the old bytes; so is a link, and not what it leads to. Nothing
/// but a file is replaced. What killed processes left beside the path is removed first, so leftovers
/// do not add up.
public struct AtomicFile {
  /// Where the complete file will appear.
  public let path: String
  /// Where it is written meanwhile.
  public let temporaryPath: String

  /// Lets `write` fill the temporary file at the path it is given, then publishes it;
  /// `beforePublishing` does what must hold before it appears, when nothing but its name is missing.
  ///
  /// Who may do what with a file that is replaced holds for the new one: a stricter mode stays.
  ///
  /// - Parameter mode: rights beyond these are not given.
  /// - Throws: `FileFailure`, and what `write` and `beforePublishing` throw, told of `path` where it is
  ///   of the temporary file; then nothing is left behind.
  public static func replace(
    _ path: String, allowing mode: UInt32 = 0o777, beforePublishing: () throws -> Void = {},
    write: (AtomicFile) throws -> Void
  ) throws {
    try requireReplaceable(path)
    TemporarySibling.removeLeftovers(of: path)
    let sibling = try TemporarySibling(of: path)
    let before = (try? LibC.status(path).st_mode) ?? 0o777
    try sibling.restrict(to: before & mode)
    let file = AtomicFile(path: path, temporaryPath: sibling.path)
    do {
      try write(file)
      try MappedFileGuard.check()
      // A disk may say only now that it has no room.
      try sibling.synchronize(for: path)
      try beforePublishing()
      try sibling.publish(as: path)
    } catch {
      LibC.unlink(sibling.path)
      // The sibling is gone; what the user asked for is the file.
      guard let failure = error as? any Relocatable else { throw error }
      throw failure.relocated(from: sibling.path, to: path)
    }
  }

  /// Requires that a path is free or a file's, and with `asFolder` a folder's.
  ///
  /// A device or a pipe has readers of its own, who would wait for ever; so has a link to what a
  /// process has open, as `/dev/stdout`.
  ///
  /// - Throws: `FileFailure`.
  public static func requireReplaceable(_ path: String, asFolder: Bool = false) throws {
    guard let status = try? LibC.status(path) else { return }
    let found: String? =
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        (try? LibC.readlink(path))?.hasPrefix("/proc/") == true ? "a link to an open file" : nil
      case S_IFDIR: asFolder ? nil : "a folder"
      case S_IFIFO: "a pipe"
      case S_IFSOCK: "a socket"
      default: "a device"
      }
    guard let found else { return }
    throw FileFailure(
      .output, at: path, expected: "the name of a file, or one that nothing has", found: found)
  }

  /// Removes what killed writers of a path left beside it.
  public static func removeLeftovers(of path: String) { TemporarySibling.removeLeftovers(of: path) }

  /// Whether a name is that of a temporary sibling of a file.
  public static func isLeftover(_ name: String, of file: String) -> Bool {
    TemporarySibling.isSibling(name, of: file)
  }

  /// Replaces the file at a path by some bytes.
  ///
  /// - Throws: `FileFailure`, and what `beforePublishing` throws; then the file stays as it was.
  public static func replace(
    _ path: String, with bytes: [UInt8], beforePublishing: () throws -> Void = {}
  ) throws {
    try replace(path, beforePublishing: beforePublishing) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      try output.write(unsafe bytes.span.bytes)
      try output.finish()
    }
  }
}

/// A new file written front to back.
public final class SequentialOutput {
  private let path: String
  private var descriptor: Int32

  /// Creates the file; one that exists is emptied.
  ///
  /// - Throws: `FileFailure`.
  public init(path: String) throws {
    self.path = path
    descriptor = try LibC.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
  }

  deinit {
    if descriptor >= 0 { try? LibC.close(descriptor, path) }
  }

  /// Appends bytes.
  ///
  /// - Throws: `FileFailure`.
  public func write(_ bytes: RawSpan) throws {
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(done..<bytes.byteCount)
      let count = try LibC.write(descriptor, rest, path)
      guard count > 0 else { throw FileFailure.current("write", at: path) }
      done += count
    }
  }

  /// Closes the file; an error the system kept until now is thrown here.
  ///
  /// - Throws: `FileFailure`.
  public func finish() throws {
    let closing = descriptor
    descriptor = -1
    try LibC.close(closing, path)
  }
}
