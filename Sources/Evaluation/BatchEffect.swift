public import Datasets
public import SpikeInference
import SpikingModels

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

  /// Samples.
  public let count: Int
  /// Right answers when each sample is alone.
  public let correctAlone: Int
  /// The ways of batching: in the dataset's order, and shuffled.
  public let comparisons: [Comparison]
  /// Samples of event frames without any event.
  public let samplesWithoutEvents: Int

  /// Measures: alone, in batches of `batchSize` in file order, and in a shuffled order.
  ///
  /// Samples are read twice, batch by batch; logits wait in a file without a name.
  ///
  /// - Parameters:
  ///   - alone: the model in scope `sample`.
  ///   - batched: the same in scope `batch`.
  ///   - scratch: a folder for the file.
  /// - Throws: `InferenceFailure`, `TensorFailure`, `FileFailure`, and what reading samples throws.
  public init(
    alone: some ForwardPass, batched: some ForwardPass, _ loader: SampleLoader, batchSize: Int,
    seed: UInt64, scratch: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    let labels = loader.dataset.samples.map(\.label)
    let store = try LogitStore(in: scratch, classes: alone.graph.classifier.classes)
    var (correct, withoutEvents, inOrder) = (0, 0, Changes(count: labels.count))
    func batches(_ order: [Int]) -> [[Int]] {
      stride(from: 0, to: order.count, by: batchSize).map { start in
        Array(order[start..<min(start + batchSize, order.count)])
      }
    }
    func logits(
      _ engine: some ForwardPass, _ batch: SampleLoader.Batch
    ) throws -> [[Float]] {
      let input = try InputBatch(
        batch.input, for: engine.graph, name: loader.dataset.name)
      return try engine.run(
        input, batchSize: batchSize, observer: { _ in NoObserver() }, progress: progress
      ).flatMap(\.logits)
    }
    try loader.forEachBatch(batches(Array(labels.indices))) { batch in
      withoutEvents += batch.withoutEvents
      let (before, after) = (try logits(alone, batch), try logits(batched, batch))
      for (index, (before, after)) in zip(batch.indices, zip(before, after)) {
        try store.keep(before, of: index)
        correct += SplitEvaluation.answer(before) == labels[index] ? 1 : 0
        inOrder.add(index, before, after, label: labels[index])
      }
    }
    var shuffled = Changes(count: labels.count)
    try loader.forEachBatch(batches(Shuffle.order(count: labels.count, seed: seed))) { batch in
      for (index, after) in zip(batch.indices, try logits(batched, batch)) {
        shuffled.add(index, try store.logits(of: index), after, label: labels[index])
      }
    }
    count = labels.count
    samplesWithoutEvents = withoutEvents
    correctAlone = correct
    comparisons = [
      inOrder.comparison("batch \(batchSize), file order"),
      shuffled.comparison("batch \(batchSize), shuffled (seed \(seed))"),
    ]
  }

  /// The adjusted Wald interval of a paired difference of shares.
  static func interval(gained: Int, lost: Int, count: Int) -> ClosedRange<Double> {
    let size = Double(count + 2)
    let (up, down) = (Double(gained + 1) / size, Double(lost + 1) / size)
    let center = up - down
    let half = Agreement.quantile * ((up + down - center * center) / size).squareRoot()
    return max(center - half, -1)...min(center + half, 1)
  }
}

/// What changes from one way of evaluating to another, sample by sample.
private struct Changes {
  private var changed = 0
  private var answers = 0
  private var gained = 0
  private var lost = 0
  private var correct = 0
  private var largest = 0.0
  private var classes = 1
  /// The sum of each sample's changes; added up in the dataset's order, whatever the order was.
  private var sums: [Double]

  init(count: Int) { sums = Array(repeating: 0, count: count) }

  mutating func add(_ index: Int, _ before: [Float], _ after: [Float], label: Int) {
    let changes = zip(before, after).map { Double(($0 - $1).magnitude) }
    classes = changes.count
    changed += changes.contains { $0 > 0 } ? 1 : 0
    sums[index] = changes.reduce(0, +)
    largest = max(largest, changes.max() ?? 0)
    let (old, new) = (SplitEvaluation.answer(before), SplitEvaluation.answer(after))
    answers += old == new ? 0 : 1
    correct += new == label ? 1 : 0
    gained += new == label && old != label ? 1 : 0
    lost += new != label && old == label ? 1 : 0
  }

  func comparison(_ evaluation: String) -> BatchEffect.Comparison {
    let count = sums.count
    return BatchEffect.Comparison(
      evaluation: evaluation, correct: correct, changedLogits: changed,
      meanChange: sums.reduce(0, +) / Double(count * classes), largestChange: largest,
      changedAnswers: answers, difference: Double(gained - lost) / Double(count),
      interval: BatchEffect.interval(gained: gained, lost: lost, count: count))
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
