public import Diagnostics

/// The ways in which a catalogue cannot be written.
public enum CatalogFailureCode: String, FailureCode {
  /// The folder holds something else.
  case foreignFolder = "not-a-catalogue"

  /// Nothing that is not ours is overwritten.
  public var kind: FailureKind { .policy }
}

/// A failure of the catalogue.
public typealias CatalogFailure = Failure<CatalogFailureCode>
