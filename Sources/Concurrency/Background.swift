import Synchronization

/// A value that another thread computes meanwhile.
///
/// Corresponds to a future; the work cannot be cancelled.
public final class Background<Value: Sendable>: Sendable {
  private let outcome = Outcome()
  private let thread: Mutex<Thread?>

  /// Starts to compute; at once, where no thread can be had.
  public init(_ compute: @escaping @Sendable () throws -> Value) {
    let outcome = outcome
    let work: @Sendable () -> Void = {
      let result = Result { try compute() }
      outcome.result.withLock { $0 = result }
    }
    let thread = Thread(work)
    self.thread = Mutex(thread)
    if thread == nil { work() }
  }

  deinit { thread.withLock { $0?.detach() } }

  /// Waits for the value.
  ///
  /// - Throws: what the computation threw.
  public func value() throws -> Value {
    thread.withLock {
      $0?.join()
      $0 = nil
    }
    guard let result = outcome.result.withLock({ $0 }) else {
      preconditionFailure("done without a result")
    }
    return try result.get()
  }

  private final class Outcome: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
  }
}
