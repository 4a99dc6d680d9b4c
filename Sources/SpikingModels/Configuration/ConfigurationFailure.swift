public import CanonicalJSON
public import Diagnostics

/// The ways in which a configuration can be refused.
public enum ConfigurationFailureCode: String, FailureCode {
  /// A member is missing.
  case missing = "configuration-missing"
  /// A member is not part of a configuration.
  case unknown = "configuration-unknown-member"
  /// A value has the wrong type or is out of range.
  case value = "configuration-value"
  /// Values contradict each other.
  case contradiction = "configuration-contradiction"
  /// The value is known but not supported by this version.
  case unsupported = "configuration-unsupported"
  /// Tensors are missing, unexpected or wrongly shaped for the configuration.
  case tensors = "tensors-do-not-fit"
  /// Nothing says which configuration the tensors belong to.
  case undecided = "configuration-undecided"

  /// All of them end a command with exit code 78.
  public var kind: FailureKind { .configuration }
}

/// The members of an object of a configuration.
public typealias ConfigurationMembers = JSONMembers<ConfigurationFailureCode>

extension JSONMembers where Code == ConfigurationFailureCode {
  /// Takes an object with exactly the required members, and any of the optional ones.
  ///
  /// - Throws: `ConfigurationFailure`.
  public init(
    _ json: JSON, at place: String, required: [String], optional: [String] = []
  ) throws {
    try self.init(
      json, at: place, failing: .init(missing: .missing, unexpected: .unknown, value: .value),
      required: required, optional: optional)
  }
}

/// A refused configuration.
public typealias ConfigurationFailure = Failure<ConfigurationFailureCode>
