public import Diagnostics

/// The ways in which a forward pass can be refused.
public enum InferenceFailureCode: String, FailureCode {
  /// A weight, statistic or input is not finite or not below 2^64 in magnitude.
  case magnitude = "value-out-of-range"
  /// A running variance plus epsilon is not positive.
  case variance = "variance-not-positive"
  /// A tensor has an element type that the forward pass does not compute with.
  case elementType = "element-type-not-computable"
  /// The input's shape does not fit the model.
  case inputShape = "input-shape"
  /// The processor flushes subnormal numbers to zero.
  case flushToZero = "subnormals-are-flushed"
  /// The input and the model together take more memory than there is.
  case memory = "not-enough-memory"
  /// Kernels were asked for by name that this processor or build lacks.
  case kernel = "kernel-not-available"

  /// What each means for a command.
  public var kind: FailureKind {
    switch self {
    case .kernel: .configuration
    case .magnitude, .variance, .elementType, .inputShape: .badData
    case .flushToZero: .policy
    case .memory: .unavailable
    }
  }
}

/// A refused forward pass.
public typealias InferenceFailure = Failure<InferenceFailureCode>
