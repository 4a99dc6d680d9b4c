import ArgumentParser
import Foundation
import SpikeInference
import SpikeTensors
import TensorFiles

/// Answers a comparison that asks several runtimes in turn.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract:
      "Prepare a model, print {\"ready\":true}, and answer lines: run, logits PATH, memory, quit.")

  @OptionGroup var subject: Subject

  func run() throws {
    let engine = try subject.engine()
    let input = try subject.samples(for: engine)
    _ = try engine.logits(of: input)
    let loading = try Memory.peak()
    try Memory.resetPeak()
    answer(["ready": true, "version": "qkzoo, \(engine.kernels)"])
    while let line = readLine() {
      let words = line.split(separator: " ", maxSplits: 1)
      switch words.first {
      case "run":
        let duration = try ContinuousClock().measure { _ = try engine.logits(of: input) }
        answer(["seconds": duration.seconds])
      case "logits" where words.count == 2:
        try write(engine.logits(of: input), to: String(words[1]))
        answer(["written": true])
      case "memory": answer(["peak": try Memory.peak(), "loading": loading])
      case "quit": return
      default: throw ValidationError("no such request: \(line)")
      }
    }
  }

  private func answer(_ object: [String: Any]) {
    // Plain values only; this cannot fail.
    guard let data = try? JSONSerialization.data(withJSONObject: object) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
  }

  /// Version 1.0 of NumPy's format: little-endian floats in C order.
  private func write(_ logits: [[Float]], to path: String) throws {
    var header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(logits.count), \(logits[0].count)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
    withUnsafeBytes(of: UInt16(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    for value in logits.joined() {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    try data.write(to: URL(fileURLWithPath: path))
  }
}

/// Resident memory of this process.
enum Memory {
  /// The most bytes that were resident at once, since the start or the last reset.
  static func peak() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  /// Forgets the peak (proc(5), `clear_refs`).
  static func resetPeak() throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/self/clear_refs"))
    try file.write(contentsOf: Data("5".utf8))
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}
