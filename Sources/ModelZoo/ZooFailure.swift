import CanonicalJSON
public import Diagnostics

/// The ways in which the zoo can fail.
public enum ZooFailureCode: String, FailureCode {
  /// No entry has that name.
  case unknownEntry = "no-such-entry"
  /// A name means several entries.
  case ambiguous = "ambiguous-name"
  /// An entry's description is wrong.
  case entry = "zoo-entry"
  /// An entry's file is not the one that the entry lists.
  case digest = "digest"
  /// A condition on entries cannot be read.
  case query = "query"
  /// Nothing is known that could prove a file to be the entry's.
  case unproven = "unproven"
  /// A file states another configuration than the entry.
  case configuration = "entry-configuration"
  /// An index has no signature where one is required.
  case unsigned = "index-not-signed"
  /// An entry's file is not here.
  case unavailable = "source-unavailable"

  /// What each means for a command.
  public var kind: FailureKind {
    switch self {
    case .unknownEntry: .noInput
    case .ambiguous, .query: .usage
    case .digest: .wrong
    case .entry: .badData
    case .unavailable: .unavailable
    case .unproven, .unsigned: .policy
    case .configuration: .configuration
    }
  }
}

/// The members of an object that describes an entry.
typealias ZooMembers = JSONMembers<ZooFailureCode>

extension JSONMembers where Code == ZooFailureCode {
  /// Takes an object with at least the required members, and notes those that it does not know.
  init(
    _ json: JSON, at place: String, required: [String], optional: [String] = [],
    unknown: inout [String]
  ) throws {
    try self.init(
      json, at: place, failing: .init(.entry), required: required, optional: optional,
      unknown: &unknown)
  }
}

/// A failure of the zoo.
public typealias ZooFailure = Failure<ZooFailureCode>
