/// Accuracy and loss of answered samples.
public struct Metrics: Sendable, Equatable {
  /// Right answers of all, with the error that counting so many samples leaves.
  public struct Share: Sendable, Equatable {
    /// Right answers.
    public var correct: Int
    /// All answers.
    public var count: Int

    /// Names a share.
    public init(correct: Int, count: Int) {
      self.correct = correct
      self.count = count
    }

    /// The share; 0 of no samples.
    public var value: Double { count == 0 ? 0 : Double(correct) / Double(count) }
    /// The binomial standard error of the share, `sqrt(p (1 - p) / n)`.
    public var standardError: Double {
      count == 0 ? 0 : (value * (1 - value) / Double(count)).squareRoot()
    }

    /// Wilson's interval of 95 %, which holds for few errors and few samples, too.
    public var interval: ClosedRange<Double> {
      guard count > 0 else { return 0...1 }
      let (n, z) = (Double(count), Agreement.quantile)
      let middle = (value + z * z / (2 * n)) / (1 + z * z / n)
      let half =
        z / (1 + z * z / n) * (value * (1 - value) / n + z * z / (4 * n * n)).squareRoot()
      return max(0, middle - half)...min(1, middle + half)
    }
  }

  /// The samples of one class.
  public struct ClassShare: Sendable, Equatable {
    /// The class.
    public let label: Int
    /// Right first answers.
    public let top1: Share
    /// Right answers among the first five.
    public let top5: Share
  }

  /// Right first answers.
  public let top1: Share
  /// Right answers among the first five.
  public let top5: Share
  /// Mean cross-entropy over the samples, in nats.
  public let loss: Double
  /// By class, those that occur.
  public let classes: [ClassShare]
  /// Samples by class and answer; zeros are left out.
  public let confusion: [Confusion: Int]

  /// A right class and an answer.
  public struct Confusion: Sendable, Hashable {
    /// The right class.
    public let label: Int
    /// The answer.
    public let answer: Int

    /// Names both.
    public init(label: Int, answer: Int) {
      self.label = label
      self.answer = answer
    }
  }

  /// Counts; the order of the samples changes nothing but the rounding of the loss.
  public init(_ samples: some Sequence<some AnsweredSample>) {
    var (top1, top5) = ([Int: Share](), [Int: Share]())
    var confusion: [Confusion: Int] = [:]
    var loss = 0.0
    for sample in samples {
      let isRight = sample.answer == sample.label
      top1[sample.label, default: Share(correct: 0, count: 0)].add(isRight)
      top5[sample.label, default: Share(correct: 0, count: 0)].add(
        sample.top5.prefix(5).contains(sample.label))
      if let answer = sample.answer {
        confusion[Confusion(label: sample.label, answer: answer), default: 0] += 1
      }
      loss += sample.loss
    }
    let none = Share(correct: 0, count: 0)
    self.top1 = top1.values.reduce(none) { $0 + $1 }
    self.top5 = top5.values.reduce(none) { $0 + $1 }
    self.loss = self.top1.count == 0 ? 0 : loss / Double(self.top1.count)
    classes = top1.keys.sorted().map {
      ClassShare(label: $0, top1: top1[$0] ?? none, top5: top5[$0] ?? none)
    }
    self.confusion = confusion
  }

  /// The mean of the means of batches, in the order of the samples, which counts the samples of a
  /// short batch for more than the others. 0 of no samples.
  ///
  /// Corresponds to `evaluate` of the released `engine_finetune.py`, whose loss meter is told no `n`.
  ///
  /// - Parameter sizes: how many samples each batch has; one without any counts for nothing.
  public static func lossOfBatches(
    _ samples: some Collection<some AnsweredSample>, sizes: [Int]
  ) -> Double {
    var (sum, batches) = (0.0, 0)
    var rest = samples[...]
    for size in sizes {
      let batch = rest.prefix(size)
      guard !batch.isEmpty else { continue }
      sum += batch.reduce(0) { $0 + $1.loss } / Double(batch.count)
      batches += 1
      rest = rest.dropFirst(size)
    }
    return batches == 0 ? 0 : sum / Double(batches)
  }

  /// Samples that two evaluations answer differently, by index; those that only one has are left
  /// out.
  public static func differences<Sample: AnsweredSample>(
    _ first: [Sample], _ second: [Sample]
  ) -> [(first: Sample, second: Sample)] {
    let others = Dictionary(second.map { ($0.index, $0) }) { before, _ in before }
    return first.sorted { $0.index < $1.index }.compactMap { sample in
      guard let other = others[sample.index], other.answer != sample.answer else { return nil }
      return (sample, other)
    }
  }
}

extension Metrics.Share {
  fileprivate mutating func add(_ isRight: Bool) {
    count += 1
    if isRight { correct += 1 }
  }

  static func + (left: Metrics.Share, right: Metrics.Share) -> Metrics.Share {
    Metrics.Share(correct: left.correct + right.correct, count: left.count + right.count)
  }
}
