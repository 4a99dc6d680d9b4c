import CFileAccess
import Diagnostics

/// The address space of this process, which a shell or a batch system may limit.
public enum MemoryLimit {
  /// Bytes below which a command may fail at its first file: `list` takes 60 MB, `verify` of the smallest
  /// model 75 MB, and every thread a stack of 8 MB.
  static let least: UInt64 = 256 << 20
  /// Bytes that a process which ends for another reason can still get.
  private static let spare: UInt64 = 64 << 20

  /// Requires enough of it to begin with, and from now on lets the lack of it end the process with a line
  /// and an exit code. For executables; without a limit nothing is done.
  ///
  /// - Throws: `FileFailure` named `not-enough-memory`.
  ///
  /// Corresponds to `getrlimit(2)` for `RLIMIT_AS`.
  public static func prepare() throws {
    let limit = qkz_address_space_limit()
    guard limit < .max else { return }
    guard limit >= least else {
      throw FileFailure(
        .memory, at: "memory",
        expected: "an address space of at least \(least >> 10) kB (ulimit -v)",
        found: "\(limit >> 10) kB")
    }
    guard qkz_exhaustion_ends_with(FileFailureCode.memory.kind.rawValue, spare) == 0 else {
      throw FileFailure.current("sigaction", at: "SIGABRT")
    }
  }
}
