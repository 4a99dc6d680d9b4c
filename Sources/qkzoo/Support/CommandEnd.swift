import ArgumentParser
import Diagnostics
import FileAccess
import Glibc

/// How this process ends when it cannot do what was asked.
enum CommandEnd {
  /// Makes errors with a name of what would end the process: a file that may not grow beyond a limit, and
  /// one that is cut shorter while it is mapped, and memory that is exhausted. What is asked to end leaves
  /// nothing unfinished behind.
  static func prepare() throws {
    signal(SIGXFSZ, SIG_IGN)
    try MemoryLimit.prepare()
    try MappedFileGuard.turnOn()
    try Temporaries.endWithProcess()
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
    StandardError.print("Error: \(error.message)")
    StandardError.print(
      "Usage: \(PrintedText(escapingLinesOf: usage))\n  See '\(name)--help' for more information.")
    Glibc.exit(ExitCode.validationFailure.rawValue)
  }

  /// Ends as the argument parser wants: with help, or with what is wrong with the command line.
  static func end(
    _ error: any Error, of command: any ParsableCommand.Type, quoting arguments: [String]
  )
    -> Never
  {
    flush()
    let code = command.exitCode(for: error)
    let message = command.fullMessage(for: error)
    guard !code.isSuccess else {
      if !message.isEmpty { StandardOutput.write(document: message + "\n") }
      Glibc.exit(code.rawValue)
    }
    if !message.isEmpty {
      StandardError.print(PrintedText(escapingLinesOf: escaped(message, quoting: arguments)))
    }
    Glibc.exit(code.rawValue)
  }

  /// A message of the parser whose quotes of arguments, or of values behind `=`, stay on their line.
  private static func escaped(_ message: String, quoting arguments: [String]) -> String {
    let values = arguments.compactMap { argument in
      argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
    }
    return (arguments + values).sorted { $0.count > $1.count }.reduce(message) { message, quoted in
      let escaped = PlainText.escaped(quoted)
      return escaped == quoted ? message : message.replacing(quoted, with: escaped)
    }
  }

  /// Ends with one line and the failure's exit code. A changed input is the cause of whatever failed after it.
  static func fail(_ failure: any Diagnosable) -> Never {
    var cause = failure
    do {
      try MappedFileGuard.check()
    } catch let change as any Diagnosable {
      cause = change
    } catch {}
    StandardError.print("qkzoo: \(cause.message)")
    Glibc.exit(cause.exitCode)
  }
}
