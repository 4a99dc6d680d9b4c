import Diagnostics
import Glibc

/// Files that nobody but their owner may read.
extension Files {
  /// Creates a file under a name that nobody has, for its owner only, and writes it.
  ///
  /// - Throws: `FileFailure`, also if something of that name is there; then nothing is left behind.
  public static func createPrivate(_ path: String, with bytes: [UInt8]) throws {
    let descriptor: Int32
    do {
      descriptor = try LibC.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    } catch let failure as FileFailure {
      throw FileFailure(
        .output, at: path, expected: "a new file in a folder that can be written to",
        found: failure.found)
    }
    defer { try? LibC.close(descriptor, path) }
    do {
      var done = 0
      while done < bytes.count {
        done += try LibC.write(descriptor, unsafe bytes.span.bytes.extracting(done...), path)
      }
      try LibC.fsync(descriptor, path)
    } catch {
      remove(path)
      throw error
    }
  }

  /// Whether anybody but the owner may do anything with a file.
  ///
  /// - Throws: `FileFailure`.
  public static func isOpenToOthers(_ path: String) throws -> Bool {
    try LibC.status(path).st_mode & (S_IRWXG | S_IRWXO) != 0
  }

  /// Whether a path names a symbolic link.
  public static func isLink(_ path: String) -> Bool { (try? LibC.readlink(path)) != nil }
}
