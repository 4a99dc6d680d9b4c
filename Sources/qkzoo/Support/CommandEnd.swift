import ArgumentParser
import CAllocation
import Diagnostics
import FileAccess
import Glibc

/// How this process ends when it cannot do what was asked.
enum CommandEnd {
  /// Makes errors with a name of what would end the process: a file that may not grow beyond a limit, and
  /// one that is cut shorter while it is mapped. What is asked to end leaves nothing unfinished behind.
  static func prepare() throws {
    signal(SIGXFSZ, SIG_IGN)
    try MappedFileGuard.turnOn()
    try Temporaries.endWithProcess()
    qkz_before_memory_ends(Temporaries.removal)
  }

  /// Whether the inputs are still what was read, and the output was taken.
  static func check() throws {
    try MappedFileGuard.check()
    try Files.flushStreams()
  }

  /// Ends unless the inputs are still what was read: before a result is printed.
  static func failIfInputsChanged() {
    do {
      try MappedFileGuard.check()
    } catch let failure as any Diagnosable {
      fail(failure)
    } catch {}
  }

  /// Ends if the output was not taken.
  static func flush() {
    do {
      try Files.flushStreams()
    } catch let failure as any Diagnosable {
      fail(failure)
    } catch {}
  }

  /// Ends with what is wrong with a command line that could be parsed, and the usage of its command.
  static func fail(_ error: ValidationError, of command: any ParsableCommand.Type) -> Never {
    let usage = QKZooCommand.usageString(for: command)
    let name = usage.prefix { !"[<".contains($0) }
    StandardError.print(
      "Error: \(error.message)\nUsage: \(usage)\n  See '\(name)--help' for more information.")
    Glibc.exit(ExitCode.validationFailure.rawValue)
  }

  /// Ends with one line and the failure's exit code. A changed input is the cause of whatever failed after it.
  static func fail(_ failure: any Diagnosable) -> Never {
    var cause = failure
    do {
      try MappedFileGuard.check()
    } catch let change as any Diagnosable {
      cause = change
    } catch {}
    StandardError.print("qkzoo: \(cause.description)")
    Glibc.exit(cause.exitCode)
  }
}
