public import Diagnostics

/// The ways in which a picture can be refused.
public enum PictureFailureCode: String, FailureCode {
  /// Neither JPEG nor PNG.
  case format = "picture-format"
  /// The decoder refuses the bytes.
  case broken = "picture-broken"
  /// The bytes end before the picture does.
  case truncated = "picture-truncated"
  /// The colours are of a kind that no reader of these files knows.
  case colours = "picture-colours"
  /// A named limit is exceeded.
  case limit = "picture-limit"

  /// All of them are faults of the data.
  public var kind: FailureKind { .badData }
}

/// A refused picture.
public typealias PictureFailure = Failure<PictureFailureCode>
