import Synchronization

/// A wish to stop, which any thread and any signal handler may state.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  /// Nothing is stopped yet.
  public init() {}

  /// States the wish; it cannot be taken back.
  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether it was stated.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
