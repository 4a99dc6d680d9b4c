import CanonicalJSON

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
  init(_ members: inout Members) throws {
    rung = try members.need("rung", \.string)
    detail = try members.need("detail", \.string)
  }
}

extension RecordedBatchEffect {
  init(_ members: inout Members, unknown: inout [String]) throws {
    count = try members.need("n", Self.count)
    correctAlone = try members.need("per_image_correct", Self.count)
    comparisons = try members.list("comparisons", Comparison.init, unknown: &unknown)
  }

  fileprivate static func count(_ json: JSON) -> Int? { json.int.flatMap { $0 >= 0 ? $0 : nil } }
}

extension RecordedBatchEffect.Comparison {
  init(_ members: inout Members) throws {
    evaluation = try members.need("evaluation", \.string)
    correct = try members.need("correct", RecordedBatchEffect.count)
    changedLogits = try members.need("changed_logits", RecordedBatchEffect.count)
    meanChange = try members.need("mean_change", \.double)
    largestChange = try members.need("largest_change", \.double)
    changedAnswers = try members.need("changed_answers", RecordedBatchEffect.count)
    difference = try members.need("difference", \.double)
    interval = try members.need("interval") { json in
      let ends = json.array?.compactMap(\.double)
      return ends?.count == 2 && json.array?.count == 2 ? ends : nil
    }
    includesZero = try members.need("includes_zero", \.bool)
    remark = try members.optional("remark", \.string)
  }
}
