import HDF5Storage
import HDF5Subset

/// The names and versions that a checkpoint carries.
///
/// Corresponds to schemas/v1/FORMAT.md, "Root".
public enum FormatVersion {
  /// This software's version.
  public static let software = "0.1.0"
  /// The value of root attribute `format`.
  public static let format = "qkzoo-checkpoint"
  /// The value of root attribute `format_version`.
  public static let current = "1.0"
  /// The value of root attribute `numerics_version`.
  public static let numerics = "1"
  /// The value of root attribute `producer`.
  public static var producer: String {
    "qkzoo \(software); libhdf5 \(HDF5Writer.libraryVersion); libzstd \(ChunkCodec.libraryVersion)"
  }
}

/// The kinds of elements in a checkpoint, each with its own version.
enum ElementKind: String, CaseIterable {
  case manifest
  case parameters
  case references
  case reference
  case records
  case provenance

  /// The version written.
  var version: String { "1.0" }

  /// The versions read.
  var readableVersions: Set<String> { ["1.0"] }

  /// The attribute names that carry kind and version.
  static let typeAttribute = "encoding_type"
  static let versionAttribute = "encoding_version"
}
