import QKFormerModel
public import SpikeInference

/// What evaluating in batches changes in a model whose neurons leak between samples.
///
/// Corresponds to issue 14 of the released code.
public struct BatchEffect: Sendable {
  /// One way of batching, against each sample alone.
  public struct Comparison: Sendable {
    /// How it was evaluated.
    public let evaluation: String
    /// Right answers.
    public let correct: Int
    /// Samples whose logits change at all.
    public let changedLogits: Int
    /// Mean absolute change of a logit, over all samples and classes.
    public let meanChange: Double
    /// Largest absolute change of a logit.
    public let largestChange: Double
    /// Samples whose answer changes.
    public let changedAnswers: Int
    /// Accuracy in batches minus accuracy alone.
    public let difference: Double
    /// 95 % interval of the difference, paired over samples.
    ///
    /// Corresponds to Bonett and Price (2012), adjusted Wald interval: one more sample of each
    /// kind of change is assumed, so that no change at all does not pass for certainty.
    public let interval: ClosedRange<Double>

    /// Whether the difference may be none.
    public var includesZero: Bool { interval.contains(0) }
  }

  /// Each sample alone.
  public let alone: SplitEvaluation
  /// The ways of batching.
  public let comparisons: [Comparison]

  /// Measures: alone, in batches of `batchSize` in file order, and in a shuffled order.
  ///
  /// - Throws: `InferenceFailure`, `TensorFailure`.
  public init(
    _ engine: some ForwardPass, _ data: LabelledSamples, batchSize: Int, seed: UInt64,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    let alone = try SplitEvaluation(engine, data, progress: progress)
    let inOrder = try SplitEvaluation(
      engine, data, batchSize: batchSize, progress: progress)
    let order = Shuffle.order(count: data.count, seed: seed)
    let shuffled = try SplitEvaluation(
      engine, try data.permuted(order), batchSize: batchSize, order: "shuffled (seed \(seed))",
      progress: progress)
    let original = (0..<data.count).sorted { order[$0] < order[$1] }
    self.alone = alone
    comparisons = [
      Self.compare(alone, inOrder, Array(0..<data.count), data.labels),
      Self.compare(alone, shuffled, original, data.labels),
    ]
  }

  /// `position[i]` is where sample i stands in the batched run.
  private static func compare(
    _ alone: SplitEvaluation, _ batched: SplitEvaluation, _ position: [Int], _ labels: [Int]
  ) -> Comparison {
    let count = labels.count
    var (changed, answers, sum, largest) = (0, 0, 0.0, 0.0)
    var (gained, lost) = (0, 0)
    for sample in 0..<count {
      let changes = zip(alone.logits[sample], batched.logits[position[sample]]).map {
        Double(($0 - $1).magnitude)
      }
      changed += changes.contains { $0 > 0 } ? 1 : 0
      sum += changes.reduce(0, +)
      largest = max(largest, changes.max() ?? 0)
      let (before, after) = (alone.answers[sample], batched.answers[position[sample]])
      answers += before == after ? 0 : 1
      gained += after == labels[sample] && before != labels[sample] ? 1 : 0
      lost += after != labels[sample] && before == labels[sample] ? 1 : 0
    }
    return Comparison(
      evaluation: batched.evaluation, correct: batched.correct, changedLogits: changed,
      meanChange: sum / Double(count * (alone.logits.first?.count ?? 1)), largestChange: largest,
      changedAnswers: answers, difference: Double(gained - lost) / Double(count),
      interval: interval(gained: gained, lost: lost, count: count))
  }

  /// The adjusted Wald interval of a paired difference of shares.
  static func interval(gained: Int, lost: Int, count: Int) -> ClosedRange<Double> {
    let size = Double(count + 2)
    let (up, down) = (Double(gained + 1) / size, Double(lost + 1) / size)
    let center = up - down
    let half = 1.96 * ((up + down - center * center) / size).squareRoot()
    return max(center - half, -1)...min(center + half, 1)
  }
}

/// A repeatable order of samples.
///
/// Corresponds to SplitMix64 and Fisher and Yates.
public enum Shuffle {
  /// The numbers below `count` in an order that depends on the seed alone.
  public static func order(count: Int, seed: UInt64) -> [Int] {
    var state = seed
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(next(&state) % UInt64(last + 1)))
    }
    return order
  }

  private static func next(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
