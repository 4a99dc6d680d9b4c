public import Diagnostics

/// The ways in which a key can be refused.
public enum KeyFailureCode: String, FailureCode {
  /// The file holds no key that can be read.
  case file = "key-file"
  /// The key is protected by a password.
  case encrypted = "key-encrypted"
  /// A public key stands where a private one is needed, or the other way round.
  case role = "key-role"
  /// The key is of another algorithm or curve.
  case curve = "key-curve"
  /// Everybody on the machine can read the private key.
  case exposed = "key-exposed"

  /// What each means for a command.
  public var kind: FailureKind {
    switch self {
    case .file, .encrypted, .role, .curve: .badData
    case .exposed: .policy
    }
  }
}

/// A refused key.
public typealias KeyFailure = Failure<KeyFailureCode>
