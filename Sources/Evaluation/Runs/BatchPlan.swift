import SpikingModels

/// Which samples form which reference batch.
public struct BatchPlan: Sendable, Equatable {
  /// Indices in the dataset, batch by batch.
  public let batches: [[Int]]

  /// Samples of all batches.
  public var samples: Int { batches.reduce(0) { $0 + $1.count } }

  /// Cuts a dataset into reference batches.
  ///
  /// With a limit whole batches are taken, evenly spread over all, so that they hold at least
  /// `limit` samples; where each sample is alone, exactly `limit` samples, spread over the classes.
  /// The order is that of the rules in either case.
  public init(labels: [Int], rules: EvaluationProtocol, limit: Int? = nil) {
    let size = rules.batchSize
    let order: [Int]
    if case .shuffled(let seed) = rules.order {
      order = Shuffle.order(count: labels.count, seed: seed)
    } else {
      order = Array(labels.indices)
    }
    if let limit, rules.scope == .sample {
      let byClass = labels.indices.sorted { (labels[$0], $0) < (labels[$1], $1) }
      let chosen = Set(Self.spread(byClass, limit))
      batches = Self.cut(order.filter(chosen.contains), size)
      return
    }
    let all = Self.cut(order, size)
    batches = limit.map { Self.spread(all, (min($0, order.count) + size - 1) / size) } ?? all
  }

  private static func cut(_ indices: [Int], _ size: Int) -> [[Int]] {
    stride(from: 0, to: indices.count, by: size).map { start in
      Array(indices[start..<min(start + size, indices.count)])
    }
  }

  /// Some elements at even distances.
  private static func spread<Element>(_ all: [Element], _ count: Int) -> [Element] {
    let count = min(max(count, 1), all.count)
    return (0..<count).map { all[$0 * all.count / count] }
  }
}
