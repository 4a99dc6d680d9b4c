public import CanonicalJSON
public import Diagnostics
public import SpikingModels

/// What was said or measured about a model on a dataset.
///
/// Corresponds to schemas/v1/FORMAT.md, "Records".
public struct Records: Sendable, Equatable {
  /// Who stands behind a figure.
  public enum Source: String, Sendable {
    /// A paper or a model card.
    case reported
    /// A training log.
    case log
    /// A run that can be repeated.
    case measured
  }

  /// A share of right answers.
  public struct Accuracy: Sendable, Equatable {
    /// Name of the dataset and split, as in `digits-test`.
    public var dataset: String
    /// How it was evaluated, as in `per-image`.
    public var evaluation: String
    /// Right answers.
    public var correct: Int
    /// All samples.
    public var count: Int
    /// Kind of source.
    public var source: Source
    /// Who says so.
    public var by: String
    /// The answer to each sample in the dataset's order, where it is known.
    public var answers: [Int]?

    /// Names a figure.
    public init(
      dataset: String, evaluation: String, correct: Int, count: Int, source: Source, by: String,
      answers: [Int]? = nil
    ) {
      self.dataset = dataset
      self.evaluation = evaluation
      self.correct = correct
      self.count = count
      self.source = source
      self.by = by
      self.answers = answers
    }

    /// The share of right answers.
    public var value: Double { Double(correct) / Double(count) }
    /// The binomial standard error of the share.
    public var standardError: Double { (value * (1 - value) / Double(count)).squareRoot() }
  }

  /// Exact spike counts over a whole split.
  public struct Firing: Sendable, Equatable {
    /// Name of the dataset and split.
    public var dataset: String
    /// How it was evaluated.
    public var evaluation: String
    /// All samples.
    public var count: Int
    /// Who counted.
    public var by: String
    /// Spikes by neuron path, then by time step, summed over the samples.
    public var spikes: [String: [Int]]

    /// Names a count.
    public init(
      dataset: String, evaluation: String, count: Int, by: String, spikes: [String: [Int]]
    ) {
      self.dataset = dataset
      self.evaluation = evaluation
      self.count = count
      self.by = by
      self.spikes = spikes
    }
  }

  /// Accuracy figures.
  public var accuracy: [Accuracy]
  /// Firing statistics.
  public var firing: [Firing]

  /// Bundles records.
  public init(accuracy: [Accuracy] = [], firing: [Firing] = []) {
    self.accuracy = accuracy
    self.firing = firing
  }

  /// Whether nothing is recorded.
  public var isEmpty: Bool { accuracy.isEmpty && firing.isEmpty }
}

extension Records {
  /// The records as JSON.
  public var json: JSON {
    ["accuracy": .array(accuracy.map(\.json)), "firing": .array(firing.map(\.json))]
  }

  /// Reads records; `place` names them in errors.
  ///
  /// - Throws: `CheckpointFailure`.
  public init(json: JSON, at place: String) throws {
    guard let accuracy = json["accuracy"]?.array, let firing = json["firing"]?.array else {
      throw CheckpointFailure(
        .element, at: place, expected: "accuracy and firing records", found: "other members")
    }
    self.accuracy = try accuracy.map { try Accuracy(json: $0, at: place) }
    self.firing = try firing.map { try Firing(json: $0, at: place) }
  }
}

extension Records {
  /// An array of counts; `nil` if any element is something else.
  fileprivate static func integers(_ json: JSON) -> [Int]? {
    guard let elements = json.array else { return nil }
    let integers = elements.compactMap(\.int).filter { $0 >= 0 }
    return integers.count == elements.count ? integers : nil
  }

  /// What contradicts a model: answers must be its classes, and spike counts those of its neuron
  /// groups. `place` names the records in the findings.
  public func findings(_ plan: NetworkPlan, place: String) -> [CheckpointFailure] {
    answerFindings(plan.configuration.classes, place: place) + firingFindings(plan, place: place)
  }

  private func answerFindings(_ classes: Int, place: String) -> [CheckpointFailure] {
    accuracy.compactMap { record in
      guard let answer = record.answers?.first(where: { !(0..<classes).contains($0) }) else {
        return nil
      }
      return CheckpointFailure(
        .structure, at: "\(place) accuracy on \(record.dataset)",
        expected: "answers from 0 to \(classes - 1)", found: "\(answer)")
    }
  }

  private func firingFindings(_ plan: NetworkPlan, place: String) -> [CheckpointFailure] {
    let paths = Set(plan.neurons.map(\.path))
    let steps = plan.configuration.timeSteps
    return firing.filter { record in
      Set(record.spikes.keys) != paths || record.spikes.values.contains { $0.count != steps }
    }.map {
      CheckpointFailure(
        .structure, at: "\(place) firing on \($0.dataset)",
        expected: "\(steps) counts for each of \(paths.count) neuron groups", found: "others")
    }
  }
}

extension Records.Accuracy {
  fileprivate var json: JSON {
    var members: [String: JSON] = [
      "dataset": .string(dataset), "evaluation": .string(evaluation),
      "correct": .integer(correct), "n": .integer(count), "value": .number(value),
      "standard_error": .number(standardError), "source": .string(source.rawValue),
      "by": .string(by),
    ]
    members["answers"] = answers.map { .array($0.map { .integer($0) }) }
    return .object(members)
  }

  fileprivate init(json: JSON, at place: String) throws {
    guard let dataset = json["dataset"]?.string, let evaluation = json["evaluation"]?.string,
      let correct = json["correct"]?.int, let count = json["n"]?.int,
      let source = json["source"]?.string.flatMap(Records.Source.init),
      let by = json["by"]?.string, count > 0, (0...count).contains(correct)
    else {
      throw CheckpointFailure(
        .element, at: "\(place) accuracy", expected: "a record with correct answers of n",
        found: PlainText.excerpt(json.canonicalText))
    }
    self.init(
      dataset: dataset, evaluation: evaluation, correct: correct, count: count, source: source,
      by: by, answers: json["answers"].map { Records.integers($0) ?? [] })
    guard answers == nil || answers?.count == count else {
      throw CheckpointFailure(
        .element, at: "\(place) accuracy", expected: "\(count) answers",
        found: "\(answers?.count ?? 0)")
    }
    guard json["value"]?.double == value, json["standard_error"]?.double == standardError else {
      throw CheckpointFailure(
        .element, at: "\(place) accuracy",
        expected: "value \(value) and standard error \(standardError), from correct and n",
        found: PlainText.excerpt(json.canonicalText))
    }
  }
}

extension Records.Firing {
  fileprivate var json: JSON {
    [
      "dataset": .string(dataset), "evaluation": .string(evaluation), "n": .integer(count),
      "by": .string(by),
      "spikes": .object(spikes.mapValues { .array($0.map { .integer($0) }) }),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    guard let dataset = json["dataset"]?.string, let evaluation = json["evaluation"]?.string,
      let count = json["n"]?.int, count > 0, let by = json["by"]?.string,
      let spikes = json["spikes"]?.object?.mapValues(Records.integers),
      spikes.values.allSatisfy({ $0 != nil })
    else {
      throw CheckpointFailure(
        .element, at: "\(place) firing", expected: "a record with spikes by neuron and step",
        found: PlainText.excerpt(json.canonicalText))
    }
    self.init(
      dataset: dataset, evaluation: evaluation, count: count, by: by,
      spikes: spikes.compactMapValues { $0 })
  }
}
