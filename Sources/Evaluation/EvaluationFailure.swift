public import Diagnostics

/// The ways in which data for an evaluation can be refused.
public enum EvaluationFailureCode: String, FailureCode {
  /// The file lacks samples, labels or their preprocessing.
  case data = "evaluation-data"
  /// The data are of another kind than the model's input.
  case fit = "evaluation-data-does-not-fit"
  /// The file states no costs of operations.
  case costs = "energy-costs"
  /// The file holds no counted activity.
  case activity = "activity"

  /// All are faults of the data.
  public var kind: FailureKind { .badData }
}

/// Refused data.
public typealias EvaluationFailure = Failure<EvaluationFailureCode>
