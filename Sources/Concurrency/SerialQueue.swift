import Synchronization

/// Work that is done in order, on a thread of its own, while the caller goes on.
///
/// Where no thread can be had, the caller does it at once: a serial `DispatchQueue` waits for ever for
/// a thread that the system does not give. One caller at a time.
public final class SerialQueue: Sendable {
  private let last = Mutex<Background<Void>?>(nil)

  /// A queue without work.
  public init() {}

  /// Adds work to the end.
  public func async(_ work: @escaping @Sendable () -> Void) {
    let before = last.withLock { $0 }
    let next = Background<Void> {
      try before?.value()
      work()
    }
    last.withLock { $0 = next }
  }

  /// Waits until everything that was added is done.
  public func wait() { _ = try? last.withLock { $0 }?.value() }
}
