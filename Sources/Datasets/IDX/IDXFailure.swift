public import Diagnostics

/// The ways in which an IDX file, or a pair of them, can be refused.
public enum IDXFailureCode: String, FailureCode {
  /// The file does not start as an IDX file does.
  case magic = "idx-magic"
  /// The elements are no unsigned bytes.
  case elementType = "idx-element-type"
  /// The number of dimensions is another: three for pictures, one for labels.
  case dimensions = "idx-dimensions"
  /// An extent is zero, or there are too many elements.
  case extents = "idx-extents"
  /// The file ends early, or goes on behind the last element.
  case size = "idx-size"
  /// The gzip stream is broken, or decodes to far more bytes than pictures do.
  case compression = "idx-compression"
  /// There are not as many labels as pictures.
  case count = "idx-count"
  /// A label is not the index of a class.
  case label = "idx-label"
  /// The bytes are those of another published dataset or part.
  case digest = "idx-digest"

  /// Every one is a fault of the data.
  public var kind: FailureKind { .badData }
}

/// A refused IDX file.
public typealias IDXFailure = Failure<IDXFailureCode>
