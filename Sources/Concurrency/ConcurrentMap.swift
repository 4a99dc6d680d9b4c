import Dispatch
import Synchronization

extension Array where Element: Sendable {
  /// Maps every element on all cores; the order of the results is that of the elements.
  ///
  /// The first error in that order is thrown, after all have finished. Corresponds to
  /// `DispatchQueue.concurrentPerform`.
  public func concurrentMap<Value: Sendable>(
    _ transform: @Sendable (Element) throws -> Value
  ) throws -> [Value] {
    let results = Mutex<[Result<Value, any Error>?]>(.init(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let result = Result { try transform(self[index]) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }
}
