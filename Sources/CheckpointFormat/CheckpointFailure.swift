import CanonicalJSON
public import Diagnostics

/// The ways in which a checkpoint can be refused.
public enum CheckpointFailureCode: String, FailureCode {
  /// An HDF5 file, but not a checkpoint of this format.
  case foreign = "not-a-qkzoo-checkpoint"
  /// The format or an element has a version that this software does not know.
  case version = "unknown-version"
  /// The manifest cannot be read.
  case manifest = "manifest"
  /// An element's content breaks its rules.
  case element = "element"
  /// Something is missing, unexpected, or not as the manifest says.
  case structure = "structure"
  /// Bytes are not what was recorded.
  case digest = "digest"
  /// HDF5's own checksum of a chunk does not match.
  case checksum = "chunk-checksum"
  /// A tensor that the format cannot hold.
  case tensor = "tensor-not-storable"

  /// Findings end with exit code 1; what cannot be read is bad data.
  public var kind: FailureKind {
    switch self {
    case .structure, .digest, .checksum: .wrong
    case .foreign, .version, .manifest, .element, .tensor: .badData
    }
  }
}

/// A refused checkpoint, or one finding about it.
public typealias CheckpointFailure = Failure<CheckpointFailureCode>

/// The members of an object of an element.
typealias ElementMembers = JSONMembers<CheckpointFailureCode>

extension JSONMembers where Code == CheckpointFailureCode {
  /// Takes an object with exactly the required members, and any of the optional ones.
  ///
  /// - Throws: `CheckpointFailure` of a code.
  init(
    _ json: JSON, at place: String, _ code: CheckpointFailureCode, required: [String],
    optional: [String] = []
  ) throws {
    try self.init(json, at: place, failing: .init(code), required: required, optional: optional)
  }
}

/// Several findings about one file.
public struct CheckpointFindings: Diagnosable {
  /// The findings; at least one.
  public let findings: [CheckpointFailure]

  /// Bundles findings.
  public init(_ findings: [CheckpointFailure]) {
    precondition(!findings.isEmpty, "findings")
    self.findings = findings
  }

  /// The name of the first.
  public var name: String { findings[0].name }
  /// The kind of the first.
  public var kind: FailureKind { findings[0].kind }
  /// The place of the first.
  public var place: String { findings[0].place }
  /// The expectation of the first.
  public var expected: String { findings[0].expected }
  /// What the first found.
  public var found: String { findings[0].found }
  /// One line for each.
  public var message: PrintedText { findings.map(\.message).joined(separator: "\n") }
}

extension CheckpointFindings: Relocatable {
  /// The same findings at other places.
  public func relocated(from old: String, to new: String) -> CheckpointFindings {
    CheckpointFindings(findings.map { $0.relocated(from: old, to: new) })
  }
}
