public import Diagnostics

/// The ways in which a cache can fail.
public enum CacheFailureCode: String, FailureCode {
  /// No variable says where a cache could be.
  case noPlace = "no-cache-folder"
  /// A blob's bytes are not those of its name.
  case damaged = "damaged-blob"
  /// A blob is not here.
  case absent = "not-in-cache"

  /// What each means for a command.
  public var kind: FailureKind {
    switch self {
    case .noPlace: .configuration
    case .damaged: .wrong
    case .absent: .noInput
    }
  }
}

/// A failure of a cache.
public typealias CacheFailure = Failure<CacheFailureCode>
