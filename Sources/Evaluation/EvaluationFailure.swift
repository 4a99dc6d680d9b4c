public import Diagnostics

/// The ways in which data for an evaluation can be refused.
public enum EvaluationFailureCode: String, FailureCode {
  /// The file lacks samples, labels or their preprocessing.
  case data = "evaluation-data"
  /// The data are of another kind than the model's input.
  case fit = "evaluation-data-does-not-fit"

  /// Both are faults of the data.
  public var kind: FailureKind { .badData }
}

/// Refused data.
public typealias EvaluationFailure = Failure<EvaluationFailureCode>
