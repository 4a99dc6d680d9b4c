import SpikeInference
import SpikingModels

/// The accumulates of self-attention's two products, `K^T V` and `Q` times that, all of spikes.
///
/// Corresponds to the rule for `bmm` of SpikingJelly 2.0's `SynOpCounter`: of two operands of zeros
/// and ones the sum of the product counts; else each spike counts once for each column it meets.
struct AttentionProducts {
  /// Over all samples.
  private(set) var accumulates = 0

  init(_ query: SpikeCountMap, _ key: SpikeCountMap, _ value: SpikeCountMap, heads: Int) {
    for sample in 0..<query.batch {
      var sums = Sums()
      for t in 0..<query.timeSteps {
        for head in 0..<heads {
          sums.add(
            query, key, value, frame: t * query.batch + sample, head: head,
            width: query.channels / heads)
        }
      }
      accumulates += sums.keyValue + (sums.isBinary ? sums.whole : sums.querySpikes)
    }
  }

  /// The sums of one sample.
  private struct Sums {
    /// Of `K^T V`.
    var keyValue = 0
    /// Whether every element of `K^T V` is 0 or 1.
    var isBinary = true
    /// Of `Q (K^T V)`.
    var whole = 0
    /// Spikes of Q, times the channels of a head.
    var querySpikes = 0

    mutating func add(
      _ query: SpikeCountMap, _ key: SpikeCountMap, _ value: SpikeCountMap, frame: Int, head: Int,
      width: Int
    ) {
      let tokens = query.size.count
      let start = { (token: Int) in (frame * tokens + token) * query.channels + head * width }
      var product = [Int](repeating: 0, count: width * width)
      for token in 0..<tokens {
        let columns = Sums.fired(value, start(token), width)
        for row in Sums.fired(key, start(token), width) {
          for column in columns { product[row * width + column] += 1 }
        }
      }
      let rows = (0..<width).map { row in product[row * width..<(row + 1) * width].reduce(0, +) }
      keyValue += rows.reduce(0, +)
      isBinary = isBinary && product.allSatisfy { $0 <= 1 }
      for token in 0..<tokens {
        for row in Sums.fired(query, start(token), width) {
          whole += rows[row]
          querySpikes += width
        }
      }
    }

    /// The channels of a head that fired at a token.
    private static func fired(_ map: SpikeCountMap, _ start: Int, _ width: Int) -> [Int] {
      (0..<width).filter { map.values[start + $0] != 0 }
    }
  }
}
