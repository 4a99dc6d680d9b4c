import CanonicalJSON
public import Diagnostics

/// The ways in which an evaluation can be refused or can end.
public enum EvaluationFailureCode: String, FailureCode {
  /// The file lacks samples, labels or their preprocessing.
  case data = "evaluation-data"
  /// The data are of another kind than the model's input.
  case fit = "evaluation-data-does-not-fit"
  /// The file states no costs of operations.
  case costs = "energy-costs"
  /// The file holds no counted activity.
  case activity = "activity"
  /// The folder holds something else than an evaluation.
  case folder = "evaluation-folder"
  /// The folder's description of the evaluation breaks its format.
  case header = "evaluation-header"
  /// A line of the folder breaks its format or contradicts the others.
  case record = "evaluation-record"
  /// The folder is of another model.
  case otherModel = "evaluation-other-model"
  /// The folder is of another protocol.
  case otherProtocol = "evaluation-other-protocol"
  /// The folder is of other data.
  case otherData = "evaluation-other-data"
  /// The folder is of another part of the samples.
  case otherPart = "evaluation-other-part"
  /// Parts of an evaluation are missing.
  case missing = "evaluation-missing"
  /// Parts of an evaluation are there twice.
  case doubled = "evaluation-doubled"
  /// Only some samples of a split were answered, where all are needed.
  case partial = "evaluation-partial"
  /// The network ran otherwise than it is, where it must not.
  case otherNetwork = "evaluation-other-network"
  /// No sample could be read.
  case empty = "evaluation-empty"
  /// Which part of an evaluation to do is said wrongly or by halves.
  case shard = "evaluation-shard"
  /// Stopped by a signal; running the same command again goes on.
  case interrupted = "evaluation-interrupted"

  /// A folder of something else is the command line's fault; parts that do not fit are wrong.
  public var kind: FailureKind {
    switch self {
    case .data, .fit, .costs, .activity, .header, .record, .empty: .badData
    case .folder, .otherModel, .otherProtocol, .otherData, .otherPart, .shard: .usage
    case .missing, .doubled, .partial, .otherNetwork: .wrong
    case .interrupted: .interrupted
    }
  }
}

/// A refused or interrupted evaluation.
public typealias EvaluationFailure = Failure<EvaluationFailureCode>

/// The members of an object that belongs to an evaluation.
typealias EvaluationMembers = JSONMembers<EvaluationFailureCode>

extension JSONMembers where Code == EvaluationFailureCode {
  /// Takes an object with exactly the required members, and any of the optional ones.
  ///
  /// - Throws: `EvaluationFailure` of a code.
  init(
    _ json: JSON, at place: String, _ code: EvaluationFailureCode, required: [String],
    optional: [String] = []
  ) throws {
    try self.init(json, at: place, failing: .init(code), required: required, optional: optional)
  }
}

extension EvaluationFailure {
  /// A description without some member.
  static func header(_ place: String, _ expected: String) -> EvaluationFailure {
    EvaluationFailure(.header, at: place, expected: expected, found: "other members")
  }
}
