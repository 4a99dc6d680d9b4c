public import Diagnostics

/// The ways in which a trace can be refused.
public enum TraceFailureCode: String, FailureCode {
  /// A pattern matches no layer.
  case noLayer = "no-such-layer"
  /// The layers that match have nothing of what was asked for.
  case nothing = "nothing-to-trace"

  /// Both are faults of what was asked for.
  public var kind: FailureKind {
    switch self {
    case .noLayer: .noInput
    case .nothing: .usage
    }
  }
}

/// A refused trace.
public typealias TraceFailure = Failure<TraceFailureCode>
