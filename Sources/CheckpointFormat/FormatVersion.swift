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
  /// The value of root attribute `format_version` in files that are written.
  public static let current = VersionTable.current.written.version
  /// The value of root attribute `numerics_version`.
  public static let numerics = "1"
  /// The value of root attribute `producer`.
  public static var producer: String {
    "qkzoo \(software); libhdf5 \(HDF5Writer.libraryVersion); libzstd \(ChunkCodec.libraryVersion)"
  }

  /// The attribute names that carry kind and version of an element.
  static let typeAttribute = "encoding_type"
  static let versionAttribute = "encoding_version"
}
