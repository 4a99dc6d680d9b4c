public import FileAccess
public import SpikeTensors

/// The element type of a dataset or attribute, as far as checkpoints use them.
public enum HDF5Type: Sendable, Equatable {
  /// Little-endian numbers.
  case number(ElementType)
  /// UTF-8 text of a fixed length in bytes, null-padded.
  case text(length: Int)

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .number(let type): type.byteCount
    case .text(let length): length
    }
  }
}

/// Where the elements of a dataset are.
public enum HDF5Elements: Sendable, Equatable {
  /// In the object header, below its checksum (compact layout).
  case inHeader([UInt8])
  /// In the file: the raw elements, followed by the four bytes of filter 3's checksum
  /// (one chunk, chunked layout).
  case inFile(Range<Int>)
  /// In the file, compressed: the stored chunks along the first axis (see `ChunkCodec`).
  case compressed([Range<Int>])
}

/// One dataset of a file.
public struct HDF5Dataset: Sendable, Equatable {
  /// The element type.
  public let type: HDF5Type
  /// The extent of each axis; empty for rank 0.
  public let shape: [Int]
  /// Where the elements are.
  public let elements: HDF5Elements

  /// Describes a dataset.
  public init(type: HDF5Type, shape: [Int], elements: HDF5Elements) {
    self.type = type
    self.shape = shape
    self.elements = elements
  }
}

/// Everything in a file: what a reader found after checking every link, object and layout.
public struct HDF5Content: Sendable, Equatable {
  /// Paths of the groups, `/` first.
  public var groups: [String]
  /// Datasets by path, without a leading `/`.
  public var datasets: [String: HDF5Dataset]
  /// Text attributes: by object path (`/` for the root), then by name.
  public var attributes: [String: [String: [UInt8]]]

  /// Describes a file.
  public init(
    groups: [String], datasets: [String: HDF5Dataset], attributes: [String: [String: [UInt8]]]
  ) {
    self.groups = groups
    self.datasets = datasets
    self.attributes = attributes
  }
}

/// A reader of the HDF5 subset that checkpoints are written in.
public protocol HDF5ContentReader {
  /// Reads the structure of a file; no element of a chunk is read.
  ///
  /// - Throws: `HDF5Failure`.
  func content(of file: MappedFile) throws -> HDF5Content
}
