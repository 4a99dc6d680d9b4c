import CanonicalJSON
import Diagnostics

/// What was found when an entry's checkpoint was verified.
public struct Evidence: Sendable, Equatable {
  /// Which rung of `verify` found it, as in `behaviour`.
  public let rung: String
  /// What was found, and by whom it was recorded.
  public let detail: String
}

/// What evaluating in batches changes in an entry's model, as `qkzoo eval audit` measured it.
public struct RecordedBatchEffect: Sendable, Equatable {
  /// One way of batching, against each sample alone.
  public struct Comparison: Sendable, Equatable {
    /// How it was evaluated, as in `batch 32, file order`.
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
    /// Accuracy in batches minus accuracy alone, as a share.
    public let difference: Double
    /// 95 % interval of the difference, paired over samples: lower and upper end.
    public let interval: [Double]
    /// Whether the difference may be none.
    public let includesZero: Bool
    /// What a reader must know with it.
    public let remark: String?
  }

  /// All samples.
  public let count: Int
  /// Right answers when each sample is alone.
  public let correctAlone: Int
  /// The ways of batching.
  public let comparisons: [Comparison]
}

extension Evidence {
  init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: ["rung", "detail"], unknown: &unknown)
    rung = try members.string("rung")
    detail = try members.string("detail")
  }
}

extension RecordedBatchEffect {
  init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: ["n", "per_image_correct", "comparisons"], unknown: &unknown)
    count = try members.count("n")
    correctAlone = try members.count("per_image_correct")
    comparisons = try members.list("comparisons") {
      try Comparison(json: $0, at: $1, unknown: &unknown)
    }
  }
}

extension RecordedBatchEffect.Comparison {
  fileprivate init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place,
      required: [
        "evaluation", "correct", "changed_logits", "mean_change", "largest_change",
        "changed_answers", "difference", "interval", "includes_zero",
      ], optional: ["remark"], unknown: &unknown)
    evaluation = try members.string("evaluation")
    correct = try members.count("correct")
    changedLogits = try members.count("changed_logits")
    meanChange = try members.double("mean_change")
    largestChange = try members.double("largest_change")
    changedAnswers = try members.count("changed_answers")
    difference = try members.double("difference")
    interval = try members.value("interval", "two numbers") { json in
      let ends = json.array?.compactMap(\.double)
      return ends?.count == 2 && json.array?.count == 2 ? ends : nil
    }
    includesZero = try members.bool("includes_zero")
    remark = try members.optionalString("remark")
  }
}
