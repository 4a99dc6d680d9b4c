import CFileAccess
import Diagnostics

/// Files and folders that are being written and have no name of their own yet.
///
/// A failure removes them; a signal that ends the process does so where an executable has asked for
/// it. What a killed process leaves beside a file is removed by the next that writes the same file.
public enum Temporaries {
  /// From now on SIGINT, SIGTERM and SIGHUP remove what is unfinished before they end the process.
  ///
  /// For executables: signals belong to the process, so a library must not call this. Corresponds to
  /// `sigaction(2)`.
  ///
  /// - Throws: `FileFailure` if the system refuses the handler.
  public static func endWithProcess() throws {
    guard qkz_temporaries_end_with_process() == 0 else {
      throw FileFailure.current("sigaction", at: "SIGINT")
    }
  }

  /// What removes all that is unfinished, for C code that ends the process in its own way; it may be
  /// called in a signal handler.
  public static var removal: @convention(c) () -> Void { qkz_temporaries_remove_all }

  /// One that is registered until it goes.
  public final class Entry {
    /// The file or the folder.
    public let path: String
    private let number: Int32

    /// Registers a file or a folder, a folder before what is in it; nothing where memory is short.
    public init(_ path: String) {
      self.path = path
      number = unsafe qkz_temporary_add(path)
    }

    deinit { if number >= 0 { qkz_temporary_remove(number) } }
  }
}
