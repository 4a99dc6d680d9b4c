import Concurrency
package import Digests
import FileAccess
import Synchronization

/// Digests of a file that is being written, from its start to where its first gap begins.
///
/// It reads what was written back from the file, on a thread of its own: so an old beginning, parts
/// that come out of order and a plain download are all hashed in the same way, the transfer does
/// not wait, and what is hashed is what the file holds.
package final class PrefixHasher: Sendable {
  /// Work on the file that the transfer does not wait for, in order.
  let queue = SerialQueue()
  private let file: RandomAccessFile
  private let target = Atomic(0)
  private let reached = Atomic(0)
  private let isScheduled = Atomic(false)
  private let state: Mutex<State>

  private struct State {
    var position = 0
    var failure: (any Error)?
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    let digests: [RunningDigest]
  }

  init(_ file: RandomAccessFile, _ functions: [HashFunction]) {
    self.file = file
    state = Mutex(State(digests: functions.map(RunningDigest.init)))
  }

  /// Hashes up to an offset, some time; the thread is woken only for a good piece of work.
  func follow(to offset: Int) {
    target.store(offset, ordering: .releasing)
    guard offset - reached.load(ordering: .relaxed) >= Self.piece,
      !isScheduled.exchange(true, ordering: .acquiringAndReleasing)
    else { return }
    queue.async { self.work() }
  }

  private static let piece = 1 << 21

  /// Hashes no more; waits for what is being done.
  func stop() {
    target.store(0, ordering: .releasing)
    queue.wait()
  }

  /// The digests of the whole, in the order of the functions; the hasher must not be used
  /// afterwards.
  ///
  /// - Throws: `FileFailure`.
  package func finish(_ size: Int) throws -> [Digest] {
    target.store(size, ordering: .releasing)
    queue.wait()
    work()
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.digests.map { $0.finish() }
    }
  }

  private func work() {
    isScheduled.store(false, ordering: .releasing)
    state.withLock { state in
      guard state.failure == nil else { return }
      do { try hash(&state) } catch { state.failure = error }
    }
  }

  private func hash(_ state: inout State) throws {
    while case let end = target.load(ordering: .acquiring), state.position < end {
      let start = state.position
      let step = min(end, start + state.buffer.count)
      let digests = state.digests
      let reached = try file.read(start..<step, through: &state.buffer) { piece in
        for digest in digests { digest.update(piece) }
      }
      state.position = reached
      self.reached.store(reached, ordering: .relaxed)
      if reached < step { return }
    }
  }
}
