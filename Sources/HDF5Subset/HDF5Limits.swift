/// How large the parts of a file may be; what exceeds a limit is refused as `hdf5-limit`.
///
/// Corresponds to schemas/v1/FORMAT.md, "File".
enum HDF5Limits {
  static let objects = 100_000
  static let depth = 16
  /// Structures and chunks start at multiples of this many bytes.
  static let alignment = 64
  static let nameLength = 255
  static let pathLength = 1_024
  static let rank = 8
  static let attributes = 8
  static let attributeBytes = 4_096
  /// Bytes of a dataset, decoded and with its checksum.
  static let datasetBytes = 1 << 32
  /// Bytes of all compressed datasets, decoded: this many, and so many times the file's own.
  static let decodedBytes = 1 << 28
  static let decodedFactor = 64
  /// Bytes between two things of the file; they are all looked at.
  static let gapBytes = 65_536
}
