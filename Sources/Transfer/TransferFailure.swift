public import Diagnostics

/// The ways in which a file cannot be had from a source.
public enum TransferFailureCode: String, FailureCode {
  /// An address is not one of a file, or not one that is read the same way everywhere.
  case address = "bad-address"
  /// An address would be asked in clear text over a network.
  case insecure = "insecure-address"
  /// The network may not be used.
  case offline = "offline"
  /// There is no usable libcurl.
  case library = "libcurl-missing"
  /// There is no source to ask.
  case noSource = "no-source"
  /// A host cannot be found, reached or trusted.
  case unreachable = "source-unreachable"
  /// The source answers with a status that means no.
  case status = "http-status"
  /// The source answers with what makes no sense as an answer to the request.
  case response = "http-response"
  /// The source sends nothing any more.
  case stalled = "source-stalled"
  /// The source ends before the file does.
  case cut = "source-cut"
  /// The file at the source is another one than it was before.
  case changed = "source-changed"
  /// The file has another size than it must have.
  case size = "size"
  /// The file has another digest than it must have.
  case digest = "digest"
  /// The file is larger than what may be fetched.
  case tooLarge = "too-large"
  /// There is no room for the file.
  case space = "no-space"
  /// The user has stopped the transfer; the same request goes on.
  case interrupted = "interrupted"

  /// What each means for a command.
  public var kind: FailureKind {
    switch self {
    case .address: .usage
    case .insecure: .policy
    case .offline, .library, .noSource, .unreachable, .status, .response, .stalled, .cut, .changed:
      .unavailable
    case .digest: .wrong
    case .size, .tooLarge: .badData
    case .space: .inputOutput
    case .interrupted: .interrupted
    }
  }

  /// Whether another source may do better.
  var isOfSource: Bool {
    switch self {
    case .space, .interrupted: false
    default: true
    }
  }
}

/// A failure to get a file.
public typealias TransferFailure = Failure<TransferFailureCode>
