import Foundation
import TestSupport
import Testing

/// The program where the system gives no more memory.
@Suite struct MemoryTests {
  private static let entry = "zoo/entries/qkformer-digits"
  /// Below it the system's loader cannot load the libraries, and says so with exit code 127.
  private static let loader: Int32 = 127

  /// One line with the name of the failure, and its exit code; or the result.
  private static func holds(_ result: Program.Result) -> Bool {
    switch result.status {
    case 0: true
    case loader: result.errors.contains("loading shared libraries")
    case 69:
      result.errors.split(separator: "\n").count == 1
        && result.errors.contains(": not-enough-memory: expected ")
    default: false
    }
  }

  @Test(arguments: [
    50_000, 60_000, 65_000, 70_000, 75_000, 80_000, 90_000, 100_000, 120_000, 140_000, 200_000,
  ])
  func `a limit of address space ends in one line or not at all`(_ limit: Int) throws {
    let scratch = try ScratchFolder()
    let commands = [
      ["convert", "\(Self.entry)/checkpoint.pth", "-o", scratch.file("out.qkz.h5")],
      ["verify", "\(Self.entry)/qkformer-digits.qkz.h5"],
      ["diff", "\(Self.entry)/checkpoint.pth", "\(Self.entry)/qkformer-digits.qkz.h5"],
      ["pull", "qkformer-digits"],
    ]
    for command in commands {
      let result = try Program.run(command, addressSpace: limit)
      #expect(Self.holds(result), "\(limit) \(command): \(result.status) \(result.errors)")
    }
    // Neither half a file nor what it was written to meanwhile.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path).allSatisfy {
        $0 == "out.qkz.h5"
      })
  }

  @Test func `the line says what was needed, what the limit is and how to raise it`() throws {
    let scratch = try ScratchFolder()
    var lines = 0
    for limit in stride(from: 65_000, through: 120_000, by: 5000) {
      let result = try Program.run(
        [
          "convert", "\(Self.entry)/checkpoint.pth", "-o", scratch.file("\(limit).qkz.h5"),
        ], addressSpace: limit)
      guard result.errors.hasPrefix("qkzoo: memory: ") else { continue }
      lines += 1
      #expect(result.errors.contains("below the limit of \(limit) KiB of address space"))
      #expect(result.errors.contains("raise it (ulimit -v)"))
    }
    #expect(lines > 0)
  }
}
