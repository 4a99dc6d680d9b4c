import Dispatch
import Synchronization

/// A value that another thread computes meanwhile.
///
/// Corresponds to a future; the work cannot be cancelled.
public final class Background<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  /// Starts to compute.
  public init(_ compute: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global().async {
      let result = Result { try compute() }
      self.result.withLock { $0 = result }
      self.done.signal()
    }
  }

  /// Waits for the value.
  ///
  /// - Throws: what the computation threw.
  public func value() throws -> Value {
    done.wait()
    done.signal()
    guard let result = result.withLock({ $0 }) else { preconditionFailure("done without a result") }
    return try result.get()
  }
}
