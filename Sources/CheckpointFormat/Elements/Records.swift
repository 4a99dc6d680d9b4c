public import CanonicalJSON
public import Diagnostics
public import SpikingModels

/// What was said or measured about a model on a dataset.
///
/// Corresponds to schemas/v1/FORMAT.md, "Records".
public struct Records: Sendable, Equatable {
  /// Who stands behind a figure.
  public enum Source: String, Sendable, CaseIterable {
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
    let members = try ElementMembers(
      json, at: place, .element, required: ["accuracy", "firing"])
    accuracy = try members.list("accuracy", Accuracy.init)
    firing = try members.list("firing", Firing.init)
  }
}

extension Records {
  /// A number of samples.
  fileprivate static func samples(_ json: JSON) -> Int? {
    json.count.flatMap { $0 > 0 ? $0 : nil }
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
    let members = try ElementMembers(
      json, at: place, .element,
      required: [
        "dataset", "evaluation", "correct", "n", "value", "standard_error", "source", "by",
      ], optional: ["answers"])
    let count = try members.value("n", "a number of at least 1", Records.samples)
    self.init(
      dataset: try members.string("dataset"), evaluation: try members.string("evaluation"),
      correct: try members.value("correct", "at most \(count) correct answers") { json in
        json.count.flatMap { $0 <= count ? $0 : nil }
      },
      count: count, source: try members.choice("source"), by: try members.string("by"),
      answers: try members.optional("answers", "\(count) answers") { json in
        json.counts.flatMap { $0.count == count ? $0 : nil }
      })
    for (name, derived) in [("value", value), ("standard_error", standardError)] {
      guard try members.double(name) == derived else {
        throw members.refusal(
          of: name, expected: "\(derived), from correct and n",
          found: "\(try members.double(name))")
      }
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
    let members = try ElementMembers(
      json, at: place, .element, required: ["dataset", "evaluation", "n", "by", "spikes"])
    self.init(
      dataset: try members.string("dataset"), evaluation: try members.string("evaluation"),
      count: try members.value("n", "a number of at least 1", Records.samples),
      by: try members.string("by"),
      spikes: try members.value("spikes", "counts by neuron and step") { json in
        let spikes = json.object?.compactMapValues(\.counts)
        return spikes?.count == json.object?.count ? spikes : nil
      })
  }
}
