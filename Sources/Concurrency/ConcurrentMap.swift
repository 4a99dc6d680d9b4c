import Glibc
import Synchronization

extension Array where Element: Sendable {
  /// Maps every element on all cores; the order of the results is that of the elements.
  ///
  /// The first error in that order is thrown, after all have finished. A map inside of a map takes
  /// the cores that are left. Corresponds to `DispatchQueue.concurrentPerform`.
  public func concurrentMap<Value: Sendable>(
    _ transform: @Sendable (Element) throws -> Value
  ) throws -> [Value] {
    let results = Results<Value>(count: count)
    withoutActuallyEscaping(transform) { transform in
      let work: @Sendable () -> Void = {
        while let index = results.nextIndex() {
          results.put(Result { try transform(self[index]) }, at: index)
        }
      }
      let permits = Helpers.take(atMost: count - 1)
      let threads = (0..<permits).compactMap { _ in Thread(work) }
      work()
      for thread in threads { thread.join() }
      Helpers.giveBack(permits)
    }
    return try results.values()
  }
}

/// What the threads of one map share.
private final class Results<Value: Sendable>: Sendable {
  private let count: Int
  private let next = Atomic(0)
  private let results: Mutex<[Result<Value, any Error>?]>

  init(count: Int) {
    self.count = count
    results = Mutex(.init(repeating: nil, count: count))
  }

  func nextIndex() -> Int? {
    let index = next.add(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }

  func put(_ result: Result<Value, any Error>, at index: Int) {
    results.withLock { $0[index] = result }
  }

  func values() throws -> [Value] { try results.withLock { try $0.compactMap { try $0?.get() } } }
}

/// The threads that maps may start, of all maps together: a core for each, less the caller's.
private enum Helpers {
  private static let free = Mutex(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1, 0))

  static func take(atMost count: Int) -> Int {
    free.withLock { free in
      let taken = Swift.min(Swift.max(count, 0), free)
      free -= taken
      return taken
    }
  }

  static func giveBack(_ count: Int) { free.withLock { $0 += count } }
}
