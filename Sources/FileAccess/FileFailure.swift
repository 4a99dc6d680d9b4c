public import Diagnostics
import Glibc

/// The ways in which the file system can let a command down.
public enum FileFailureCode: String, FailureCode {
  /// Nothing is at that path.
  case notFound = "no-such-file"
  /// The path names something that is not a regular file.
  case notRegular = "not-a-regular-file"
  /// The operating system refused access.
  case denied = "access-denied"
  /// A name in a folder is no text.
  case name = "file-name"
  /// The file is larger than the reader's named limit.
  case tooLarge = "file-too-large"
  /// The folder of an output is missing or cannot be written to.
  case output = "cannot-write"
  /// Something has the name of an output that may not replace it.
  case exists = "already-exists"
  /// The disk, the quota or the limit of file sizes leaves no room.
  case noSpace = "no-space"
  /// A file was written to or cut shorter while it was read.
  case changed = "file-changed"
  /// Another process is writing the file.
  case inUse = "file-in-use"
  /// The process may have no more memory.
  case memory = "not-enough-memory"
  /// Any other error of the operating system.
  case system = "io-error"

  /// Missing inputs and broken input/output end a command differently.
  public var kind: FailureKind {
    switch self {
    case .notFound, .notRegular: .noInput
    case .name, .tooLarge: .badData
    case .denied, .output, .noSpace, .changed, .system: .inputOutput
    case .exists: .policy
    case .inUse, .memory: .unavailable
    }
  }
}

/// A failure of the file system.
public typealias FileFailure = Failure<FileFailureCode>

extension FileFailure {
  /// The failure for the C library's current error number; the only place that reads `errno`.
  static func current(_ call: String, at path: String) -> FileFailure {
    let number = errno
    let code: FileFailureCode =
      switch number {
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM, EROFS: .denied
      case ENOSPC, EDQUOT, EFBIG: .noSpace
      case ENOMEM: .memory
      default: .system
      }
    let reason = unsafe String(cString: strerror(number))
    return FileFailure(code, at: path, expected: "\(call) to succeed", found: reason.lowercased())
  }
}
