/// Other names for the classes, under which far more answers are right: a model and its samples that
/// number the classes in different orders.
public struct ClassRenaming: Sendable, Equatable {
  /// What one class of the samples is called by the model.
  public struct Pair: Sendable, Equatable {
    /// The class of the samples.
    public let label: Int
    /// What the model answers to most of them.
    public let answer: Int
  }

  /// Answers that are right under the other names.
  public let share: Metrics.Share
  /// The classes that have another name, by label.
  public let pairs: [Pair]

  /// A renaming that the answers show; `nil` if they show none.
  ///
  /// A class has another name if more than half of its samples, and at least two, get one answer, which
  /// no other class gets in that way. It is stated only where chance does not explain it: the 95 %
  /// intervals of the shares before and after do not meet.
  public init?(_ metrics: Metrics) {
    let counts = Dictionary(uniqueKeysWithValues: metrics.classes.map { ($0.label, $0.top1.count) })
    let names = Self.names(metrics.confusion, counts)
    pairs = names.filter { $0.key != $0.value }.map(Pair.init).sorted { $0.label < $1.label }
    let correct = metrics.confusion.reduce(0) { sum, cell in
      names[cell.key.label] == cell.key.answer ? sum + cell.value : sum
    }
    share = Metrics.Share(correct: correct, count: metrics.top1.count)
    guard !pairs.isEmpty, share.interval.lowerBound > metrics.top1.interval.upperBound else {
      return nil
    }
  }

  /// What each class is called: by most of its answers, else as it is, if that name is free.
  private static func names(
    _ confusion: [Metrics.Confusion: Int], _ counts: [Int: Int]
  ) -> [Int: Int] {
    let most = confusion.filter { cell, count in
      count >= 2 && 2 * count > counts[cell.label] ?? 0
    }
    var labels: [Int: [Int]] = [:]
    for cell in most.keys { labels[cell.answer, default: []].append(cell.label) }
    var names: [Int: Int] = [:]
    for (answer, labels) in labels where labels.count == 1 { names[labels[0]] = answer }
    for label in counts.keys where names[label] == nil && labels[label] == nil {
      names[label] = label
    }
    return names
  }
}
