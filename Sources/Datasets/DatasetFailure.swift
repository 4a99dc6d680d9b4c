public import Diagnostics

/// The ways in which a dataset can be refused.
public enum DatasetFailureCode: String, FailureCode {
  /// A folder is not laid out as the dataset is.
  case layout = "dataset-layout"
  /// Classes are missing, or are too many.
  case classes = "dataset-classes"
  /// Samples are of another split than the one that was asked for.
  case split = "dataset-split"
  /// A list of labels does not name every sample, or names a class that is none.
  case labels = "dataset-labels"
  /// A file is shorter or longer than what it must hold, or breaks its format.
  case file = "dataset-file"
  /// A record of a tar archive breaks the format.
  case tar = "tar-record"
  /// A sample is not of the kind that the preprocessing takes.
  case sample = "dataset-sample"

  /// A folder that is another is no such input; the rest are faults of the data.
  public var kind: FailureKind { self == .layout ? .noInput : .badData }
}

/// A refused dataset.
public typealias DatasetFailure = Failure<DatasetFailureCode>
