public import Diagnostics

/// The ways in which an HDF5 file can be refused.
public enum HDF5FailureCode: String, FailureCode {
  /// The file does not start with HDF5's signature.
  case foreign = "not-an-hdf5-file"
  /// The library cannot read the file.
  case unreadable = "hdf5-unreadable"
  /// A checksum of the file's structure does not match.
  case damaged = "hdf5-checksum"
  /// A link that is not a hard link: such links can lead out of the file.
  case link = "hdf5-link-not-hard"
  /// A link whose name could be taken for a path or for another name.
  case name = "hdf5-link-name"
  /// An object that is reachable twice.
  case shared = "hdf5-object-linked-twice"
  /// An object that is neither a group nor a dataset.
  case object = "hdf5-object-kind"
  /// An element type that checkpoints do not use.
  case type = "hdf5-element-type"
  /// Elements stored outside the file.
  case external = "hdf5-external-storage"
  /// A layout that checkpoints do not use, virtual datasets among them.
  case layout = "hdf5-layout"
  /// A filter that checkpoints do not use.
  case filter = "hdf5-filter"
  /// A chunk outside the file, of the wrong size, or overlapping another.
  case chunk = "hdf5-chunk-range"
  /// A compressed chunk that is not one frame of the right size, or does not decode.
  case frame = "zstd-frame"
  /// A named limit is exceeded.
  case limit = "hdf5-limit"
  /// The library could not write.
  case write = "hdf5-write"

  /// Reading other files is refused as policy; a bad checksum is a finding; the rest is bad data.
  public var kind: FailureKind {
    switch self {
    case .link, .external: .policy
    case .damaged, .frame: .wrong
    case .write: .inputOutput
    default: .badData
    }
  }
}

/// A refused HDF5 file.
public typealias HDF5Failure = Failure<HDF5FailureCode>
