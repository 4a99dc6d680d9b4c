import CHDF5
import Concurrency
import Diagnostics
import FileAccess
import HDF5Subset
public import SpikeTensors

/// Writes an HDF5 file of the checkpoint subset.
///
/// The bytes depend on nothing but what is written and the library's version: format bounds are
/// fixed to 1.10, object times are off, there is no user block, every object starts at a multiple
/// of 64 bytes, and links stay in their group's header.
public final class HDF5Writer {
  private let path: String
  let file: Identifier
  /// The chunk that is being written.
  private var buffer: [UInt8] = []

  /// The version of the library that writes, as in `1.10.8`.
  public static var libraryVersion: String { LibHDF5.H5get_libversion() }

  /// Data start at multiples of this many bytes.
  public static let alignment = 64

  /// Tensors of this many bytes or more do not fit one chunk.
  public static let chunkByteLimit = 1 << 32

  /// Creates a file; one that exists is emptied.
  ///
  /// - Throws: `HDF5Failure`.
  public init(path: String) throws {
    LibHDF5.quiet()
    let access = try LibHDF5.H5Pcreate(qkz_h5p_file_access())
    try LibHDF5.H5Pset_libver_bounds(access)
    try LibHDF5.H5Pset_alignment(access, Self.alignment)
    try LibHDF5.H5Pset_fclose_degree(access)
    let creation = try LibHDF5.H5Pcreate(qkz_h5p_file_create())
    try LibHDF5.H5Pset_obj_track_times(creation)
    try LibHDF5.H5Pset_link_phase_change(creation)
    self.path = path
    file = try LibHDF5.H5Fcreate(path, creation, access)
  }

  /// Completes the file.
  ///
  /// - Throws: `HDF5Failure`.
  public func close() throws { try LibHDF5.H5Fclose(file, path) }

  /// Makes a group; the groups above it must exist.
  ///
  /// - Throws: `HDF5Failure`.
  public func makeGroup(_ path: String) throws {
    let creation = try LibHDF5.H5Pcreate(qkz_h5p_group_create())
    try LibHDF5.H5Pset_obj_track_times(creation)
    try LibHDF5.H5Pset_link_phase_change(creation)
    try LibHDF5.H5Gcreate2(file, path, creation)
  }

  /// Writes a tensor as one chunk with filter 3, or into the object header if it has rank 0.
  ///
  /// - Throws: `HDF5Failure` for an empty tensor or one of 4 GiB or more.
  public func write(_ tensor: Tensor, to path: String) throws {
    try tensor.bytes.withBytes { bytes in
      try write(bytes, type: .number(tensor.elementType), shape: tensor.shape, to: path)
    }
    tensor.bytes.releasePages()
  }

  /// Writes a tensor compressed, in the chunks of `ChunkCodec`, encoded on all cores.
  ///
  /// - Throws: `HDF5Failure`, also for a tensor of rank 0, an empty one, or one of larger rows than a
  ///   chunk may have.
  public func writeCompressed(_ tensor: Tensor, to path: String) throws {
    guard !tensor.shape.isEmpty, tensor.count > 0 else {
      throw HDF5Failure(.limit, at: path, expected: "a tensor with rows", found: "\(tensor.shape)")
    }
    let codec = ChunkCodec(width: tensor.elementType.byteCount, shape: tensor.shape)
    guard codec.chunkBytes <= ChunkCodec.chunkByteLimit else {
      throw HDF5Failure(
        .limit, at: path, expected: "rows of at most \(ChunkCodec.chunkByteLimit) bytes",
        found: "\(codec.chunkBytes)")
    }
    try LibHDF5.H5Zregister(ChunkCodec.filter)
    let creation = try LibHDF5.H5Pcreate(qkz_h5p_dataset_create())
    try LibHDF5.H5Pset_obj_track_times(creation)
    try LibHDF5.H5Pset_fill_time(creation)
    try LibHDF5.H5Pset_chunk(creation, [codec.rowsPerChunk] + tensor.shape.dropFirst())
    try LibHDF5.H5Pset_shuffle(creation)
    try LibHDF5.H5Pset_filter(creation, ChunkCodec.filter)
    try LibHDF5.H5Pset_fletcher32(creation)
    let dataset = try LibHDF5.H5Dcreate2(
      file, path, try Datatypes.make(.number(tensor.elementType)),
      try LibHDF5.H5Screate_simple(tensor.shape), creation)
    let chunks = try Array(0..<codec.count).concurrentMap { chunk in
      try tensor.bytes.withBytes { try codec.encode(chunk, of: $0) }
    }
    for (chunk, stored) in chunks.enumerated() {
      let offset =
        [chunk * codec.rowsPerChunk] + [Int](repeating: 0, count: tensor.shape.count - 1)
      try LibHDF5.H5Dwrite_chunk(dataset, offset: offset, stored, path)
    }
    tensor.bytes.releasePages()
  }

  /// Writes UTF-8 text as one fixed-length string with filter 3.
  ///
  /// - Throws: `HDF5Failure`.
  public func write(text: [UInt8], to path: String) throws {
    let type = HDF5Type.text(length: text.count)
    try write(unsafe text.span.bytes, type: type, shape: [1], to: path)
  }

  /// Replaces a text that was written by another of the same length, in the same place.
  ///
  /// - Throws: `HDF5Failure`, also for another length.
  public func rewrite(text: [UInt8], at path: String) throws {
    let dataset = try LibHDF5.H5Oopen(file, path, path)
    let length = LibHDF5.H5Dget_storage_size(dataset) - Fletcher32.byteCount
    guard length == text.count else {
      throw HDF5Failure(.limit, at: path, expected: "\(length) bytes", found: "\(text.count)")
    }
    try LibHDF5.H5Dwrite_chunk(
      dataset, offset: [0], Fletcher32.stored(with: unsafe text.span.bytes), path)
  }

  /// Writes texts as strings of one fixed length, padded with zeros; rank 0 lies in the header.
  ///
  /// For files of other formats: a checkpoint has no such dataset.
  ///
  /// - Throws: `HDF5Failure`.
  public func write(texts: [String], shape: [Int], to path: String) throws {
    let length = texts.map(\.utf8.count).max() ?? 0
    let bytes = texts.flatMap {
      Array($0.utf8) + [UInt8](repeating: 0, count: length - $0.utf8.count)
    }
    try write(unsafe bytes.span.bytes, type: .text(length: length), shape: shape, to: path)
  }

  /// Writes an array of one value, which takes no bytes: readers get the fill value.
  ///
  /// For files of other formats: a checkpoint has no such dataset.
  ///
  /// - Throws: `HDF5Failure`.
  public func write(constant: Float, shape: [Int], to path: String) throws {
    let type = try Datatypes.make(.number(.f32))
    let creation = try LibHDF5.H5Pcreate(qkz_h5p_dataset_create())
    try LibHDF5.H5Pset_obj_track_times(creation)
    try LibHDF5.H5Pset_fill_value(creation, type, constant)
    _ = try LibHDF5.H5Dcreate2(file, path, type, try LibHDF5.H5Screate_simple(shape), creation)
  }

  private func write(
    _ bytes: RawSpan, type: HDF5Type, shape: [Int], to path: String
  ) throws {
    guard bytes.byteCount > 0, bytes.byteCount + Fletcher32.byteCount < Self.chunkByteLimit else {
      throw HDF5Failure(
        .limit, at: path, expected: "1 byte to 4 GiB", found: "\(bytes.byteCount) bytes")
    }
    let creation = try LibHDF5.H5Pcreate(qkz_h5p_dataset_create())
    try LibHDF5.H5Pset_obj_track_times(creation)
    try LibHDF5.H5Pset_fill_time(creation)
    if shape.isEmpty {
      try LibHDF5.H5Pset_layout(creation, H5D_COMPACT)
    } else {
      try LibHDF5.H5Pset_chunk(creation, shape)
      try LibHDF5.H5Pset_fletcher32(creation)
    }
    let libraryType = try Datatypes.make(type)
    let dataset = try LibHDF5.H5Dcreate2(
      file, path, libraryType, try LibHDF5.H5Screate_simple(shape), creation)
    if shape.isEmpty {
      try LibHDF5.H5Dwrite(dataset, libraryType, bytes, path)
    } else {
      // The library would copy the bytes twice into fresh memory, and sum them up on the way.
      buffer.removeAll(keepingCapacity: true)
      Fletcher32.append(bytes, to: &buffer)
      try LibHDF5.H5Dwrite_chunk(
        dataset, offset: [Int](repeating: 0, count: shape.count), buffer, path)
    }
  }

  /// Gives an object a text attribute; `/` is the root.
  ///
  /// - Throws: `HDF5Failure`.
  public func setAttribute(_ name: String, _ text: String, of path: String) throws {
    let bytes = Array(text.utf8)
    let object = try LibHDF5.H5Oopen(file, path, path)
    let type = try Datatypes.make(.text(length: bytes.count))
    let attribute = try LibHDF5.H5Acreate2(
      object, name, type, try LibHDF5.H5Screate_simple([]))
    try LibHDF5.H5Awrite(attribute, type, bytes)
  }
}
