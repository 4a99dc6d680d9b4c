import Glibc
import Synchronization

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
      let end = done == total ? "\u{1B}[2K\r" : ""
      let bytes = Array("\r\(title) [\(bar)] \(done)/\(total)\(end)".utf8)
      _ = unsafe write(2, bytes, bytes.count)
    }
  }
}
