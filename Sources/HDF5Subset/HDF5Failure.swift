public import Diagnostics

/// The ways in which an HDF5 file can be refused.
public enum HDF5FailureCode: String, FailureCode {
  /// The file does not start with HDF5's signature.
  case foreign = "not-an-hdf5-file"
  /// HDF5's signature stands behind bytes of another kind.
  case userBlock = "hdf5-user-block"
  /// A superblock of another version, or one that says what checkpoints do not.
  case superblock = "hdf5-superblock"
  /// The file is shorter or longer than its superblock says.
  case size = "hdf5-file-size"
  /// A checksum of the file's structure, or of a compressed chunk, does not match.
  case damaged = "hdf5-checksum"
  /// An object header of another version or with parts that checkpoints do not use.
  case header = "hdf5-object-header"
  /// A header message that is unknown, repeated, cut off, or not of the subset.
  case message = "hdf5-message"
  /// Links or attributes outside of the object header.
  case dense = "hdf5-dense-storage"
  /// A link that is not a hard link: such links can lead out of the file.
  case link = "hdf5-link-not-hard"
  /// A name that could be taken for a path or for another name.
  case name = "hdf5-name"
  /// An object that is reachable twice.
  case shared = "hdf5-object-linked-twice"
  /// An object that is neither a group nor a dataset.
  case object = "hdf5-object-kind"
  /// An element type that checkpoints do not use.
  case type = "hdf5-element-type"
  /// An extent that checkpoints do not use: empty, or able to grow.
  case extent = "hdf5-extent"
  /// Elements stored outside the file.
  case external = "hdf5-external-storage"
  /// A dataset made of other datasets, of any file.
  case virtual = "hdf5-virtual-dataset"
  /// A layout that checkpoints do not use.
  case layout = "hdf5-layout"
  /// A filter that checkpoints do not use.
  case filter = "hdf5-filter"
  /// A list of chunks that is not of the subset.
  case index = "hdf5-chunk-index"
  /// A chunk that is missing, of the wrong size, or not filtered as its dataset says.
  case chunk = "hdf5-chunk"
  /// A compressed chunk that is not one frame of the right size, or does not decode.
  case frame = "zstd-frame"
  /// Something that would lie outside the file.
  case outside = "hdf5-outside-file"
  /// A byte that belongs to two things.
  case overlap = "hdf5-overlap"
  /// A structure or chunk that does not start at a multiple of 64 bytes, or not at the first one behind
  /// another of its kind.
  case alignment = "hdf5-alignment"
  /// Bytes that belong to nothing and are not zero.
  case gap = "hdf5-gap"
  /// A named limit is exceeded.
  case limit = "hdf5-limit"
  /// The library could not write.
  case write = "hdf5-write"

  /// Reading other files is refused as policy; a bad checksum is a finding; the rest is bad data.
  public var kind: FailureKind {
    switch self {
    case .link, .external, .virtual: .policy
    case .damaged, .frame: .wrong
    case .write: .inputOutput
    default: .badData
    }
  }
}

/// A refused HDF5 file.
public typealias HDF5Failure = Failure<HDF5FailureCode>
