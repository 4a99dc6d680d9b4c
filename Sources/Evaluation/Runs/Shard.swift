/// One of several parts that an evaluation is cut into, on whole reference batches.
public struct Shard: Sendable, Equatable {
  /// The number, from 0.
  public let index: Int
  /// How many there are.
  public let count: Int

  /// No evaluation has more parts.
  public static let mostShards = 1 << 20
  /// Everything.
  public static let whole = Shard(checkedIndex: 0, count: 1)

  /// A shard; `nil` unless `0 <= index < count`.
  public init?(index: Int, count: Int) {
    guard (1...Self.mostShards).contains(count), (0..<count).contains(index) else { return nil }
    self.init(checkedIndex: index, count: count)
  }

  private init(checkedIndex: Int, count: Int) {
    index = checkedIndex
    self.count = count
  }

  /// The shard's part of some reference batches: parts are contiguous, differ by one batch at most,
  /// and cover each batch once.
  public func part(of batches: Int) -> Range<Int> {
    index * batches / count..<(index + 1) * batches / count
  }
}
