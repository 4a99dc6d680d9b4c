import Diagnostics
import Glibc

/// The file beside a path into which its next content is written: `PATH.RANDOM.partial`.
///
/// Its writer holds a lock on it, which the system drops when the process ends in whatever way; so a
/// sibling that nobody has locked is left over. The lock is one of an open file, not of a process:
/// libhdf5 opens and closes the same file meanwhile.
final class TemporarySibling {
  private let descriptor: Int32
  private let entry: Temporaries.Entry
  var path: String { entry.path }

  /// Creates and locks one under a name that nobody else has, through no link.
  ///
  /// - Throws: `FileFailure` named `cannot-write`, or `no-space`.
  init(of path: String) throws {
    do {
      while true {
        let sibling = "\(path).\(String(UInt32.random(in: .min ... .max), radix: 36)).partial"
        let descriptor = try LibC.open(sibling, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
        // Whoever cleans up may have taken it for a leftover before it was locked.
        if LibC.lock(descriptor) != .taken, try LibC.fstat(descriptor, path).st_nlink > 0 {
          entry = Temporaries.Entry(sibling)
          self.descriptor = descriptor
          return
        }
        try LibC.close(descriptor, sibling)
      }
    } catch let failure as FileFailure where failure.code != .noSpace {
      throw FileFailure(
        .output, at: path, expected: "a folder that can be written to", found: failure.found)
    }
  }

  deinit { try? LibC.close(descriptor, path) }

  /// Takes all rights but some from everybody; the owner can go on writing.
  func restrict(to mode: mode_t) throws {
    let own = try LibC.fstat(descriptor, path).st_mode & 0o777
    let stricter = own & (mode | S_IWUSR)
    if stricter != own { try LibC.fchmod(descriptor, stricter, path) }
  }

  /// Makes the content outlast a power cut; `name` is what errors call it.
  func synchronize(for name: String) throws { try LibC.fsync(descriptor, name) }

  /// Gives the content its name, and makes that outlast a power cut.
  func publish(as name: String) throws {
    try LibC.rename(path, name)
    try Files.synchronizeDirectory(Files.directory(of: name))
  }

  /// Removes the siblings of a path that are no writer's any more.
  static func removeLeftovers(of path: String) {
    let folder = Files.directory(of: path)
    let file = Files.name(of: path)
    for name in (try? Files.repairedNames(in: folder)) ?? [] where isSibling(name, of: file) {
      removeIfLeftOver(Files.join(folder, name))
    }
  }

  /// Whether a name is that of a temporary sibling of a file.
  static func isSibling(_ name: String, of file: String) -> Bool {
    let (start, end) = (file + ".", ".partial")
    guard name.hasPrefix(start), name.hasSuffix(end) else { return false }
    return UInt32(name.dropFirst(start.count).dropLast(end.count), radix: 36) != nil
  }

  private static func removeIfLeftOver(_ path: String) {
    guard let descriptor = try? LibC.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK) else { return }
    defer { try? LibC.close(descriptor, path) }
    guard let status = try? LibC.fstat(descriptor, path), status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid(), LibC.lock(descriptor) == .held
    else { return }
    LibC.unlink(path)
  }
}
