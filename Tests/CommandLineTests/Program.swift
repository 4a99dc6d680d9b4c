import Foundation
import TestSupport

/// The built binaries, run as a user would.
enum Program {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// A built binary of a name; a path stays as it is.
  static func path(of name: String) -> String {
    if name.hasPrefix("/") { return name }
    // The test bundle and the binaries are in one folder.
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let beside = "\(folder)/\(name)"
    return FileManager.default.isExecutableFile(atPath: beside)
      ? beside : TestFiles.package + "/.build/release/\(name)"
  }

  /// Runs a binary; what it prints goes to files, which never fill up as pipes do.
  static func run(
    _ arguments: [String], binary: String = "qkzoo", environment: [String: String] = [:]
  ) throws -> Result {
    let folder = try ScratchFolder()
    let process = Process()
    let (output, errors) = (folder.file("output"), folder.file("errors"))
    for path in [output, errors] { try TestFiles.write([], to: path) }
    process.executableURL = URL(fileURLWithPath: path(of: binary))
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: TestFiles.package)
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.standardInput = FileHandle.nullDevice
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["QKZOO_HOME": folder.file("home")].merging(environment) { $1 }, uniquingKeysWith: { $1 })
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: String(decoding: try TestFiles.bytes(output), as: UTF8.self),
      errors: String(decoding: try TestFiles.bytes(errors), as: UTF8.self))
  }
}
