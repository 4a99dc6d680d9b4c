import Diagnostics
import Synchronization
import Transfer

/// A line on standard error that shows how far a long command is; silent in pipes.
final class Progress: Sendable {
  private let title: String
  private let total: Int
  private let done = Mutex(0)

  init(_ title: String, total: Int) {
    self.title = title
    self.total = total
  }

  /// Notes that some more units are done; any thread may call it.
  func advance(_ units: Int) {
    done.withLock { done in
      done += units
      guard StandardError.isTerminal, total > 1 else { return }
      let width = 30
      let filled = width * done / total
      let bar =
        String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
      StandardError.write("\r\(title) [\(bar)] \(done)/\(total)")
      if done == total { StandardError.clearLine() }
    }
  }
}

/// A line on standard error that shows how far a transfer is; silent in pipes.
final class TransferLine: Sendable {
  private let name: String

  init(_ name: String) { self.name = name }

  @Sendable func show(_ progress: TransferProgress) {
    guard StandardError.isTerminal else { return }
    var parts = [Self.size(progress.bytes)]
    if let total = progress.total { parts[0] += " of \(Self.size(total))" }
    if progress.rate > 0 { parts.append("\(Self.size(Int(progress.rate)))/s") }
    if let total = progress.total, progress.rate > 0 {
      let seconds = Int(Double(total - progress.bytes) / progress.rate)
      parts.append("\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60) left")
    }
    StandardError.write("\u{1B}[2K\r\(name): \(parts.joined(separator: ", "))")
  }

  /// Removes the line.
  func end() {
    StandardError.clearLine()
  }

  private static func size(_ bytes: Int) -> String {
    switch bytes {
    case ..<10_000: "\(bytes) B"
    case ..<10_000_000: "\(bytes / 1000) kB"
    default: "\(bytes / 1_000_000) MB"
    }
  }
}
