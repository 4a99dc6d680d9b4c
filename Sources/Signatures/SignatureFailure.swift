public import Diagnostics

/// The ways in which a signature can be refused, or contradict what is there.
public enum SignatureFailureCode: String, FailureCode {
  /// The bundle has other members than it must, or what should be base64 is not.
  case bundle = "signature-bundle"
  /// The bundle is of another type or version.
  case mediaType = "signature-media-type"
  /// The signed bytes are said to be something else than a statement.
  case payloadType = "signature-payload-type"
  /// The signed statement breaks its rules.
  case statement = "signature-statement"
  /// The files were digested in another way.
  case method = "signature-method"
  /// The bundle names another key.
  case key = "signature-key"
  /// The signature is not the key's over these bytes.
  case invalid = "signature-invalid"
  /// The statement's digest of all files is not that of the digests that it lists.
  case root = "signature-root"
  /// A file is not what was signed.
  case changed = "signed-file-changed"
  /// A file that was signed is not there.
  case missing = "signed-file-missing"
  /// A file is there that was not signed.
  case unlisted = "signed-file-unlisted"
  /// A symbolic link, which may lead out of the folder.
  case link = "signed-folder-link"
  /// The model is another one than the signer says.
  case modelID = "signed-model-id"

  /// What each means for a command.
  public var kind: FailureKind {
    switch self {
    case .bundle, .mediaType, .payloadType, .statement, .method: .badData
    case .key, .invalid, .root, .changed, .missing, .unlisted, .modelID: .wrong
    case .link: .policy
    }
  }
}

/// A refused signature, or one finding about what it covers.
public typealias SignatureFailure = Failure<SignatureFailureCode>
