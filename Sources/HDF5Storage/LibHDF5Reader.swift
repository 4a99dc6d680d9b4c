import CHDF5
import Diagnostics
import FileAccess
public import HDF5Subset

/// Reads the structure of a checkpoint through libhdf5, checking every object before it is opened.
///
/// Links other than hard ones, objects linked twice, external storage, virtual and contiguous
/// layouts, other filters than 3, several chunks, other types, chunks outside the file or
/// overlapping each other: each is refused by name. Plugins are off.
public struct LibHDF5Reader: HDF5ContentReader {
  /// Makes a reader.
  public init() {}

  /// Named limits.
  enum Limits {
    static let objects = 100_000
    static let depth = 16
    static let nameLength = 255
    static let rank = 8
    static let attributes = 8
    static let attributeBytes = 4_096
    static let headerElementBytes = 65_536
  }

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Reads the structure of a file.
  ///
  /// - Throws: `HDF5Failure`, `FileFailure`.
  public func content(ofFile path: String) throws -> HDF5Content {
    let mapped = try MappedFile(path: path)
    let start = ByteRegion(mapped, in: 0..<min(mapped.size, 8)).copy()
    guard start == Self.signature else {
      throw HDF5Failure(
        .foreign, at: path, expected: "the signature of HDF5 at byte 0", found: "other bytes")
    }
    try checkSuperblock(mapped)
    LibHDF5.quiet()
    let access = try LibHDF5.H5Pcreate(qkz_h5p_file_access())
    try LibHDF5.H5Pset_file_locking(access)
    try LibHDF5.H5Pset_fclose_degree(access)
    let file = try LibHDF5.H5Fopen(path, access)
    var walk = Walk(fileSize: mapped.size)
    do {
      try walk.group(try LibHDF5.H5Oopen(file, "/", "/"), "/", depth: 0)
      try walk.checkOverlaps()
    } catch let failure as HDF5Failure {
      throw HDF5Failure(
        failure.code, at: "\(path) \(failure.place)", expected: failure.expected,
        found: failure.found)
    }
    return walk.content
  }
}

extension LibHDF5Reader {
  /// The superblock must be version 3 and claim exactly the file's bytes: none may follow.
  private func checkSuperblock(_ file: MappedFile) throws {
    guard file.size >= 48 else {
      throw HDF5Failure(
        .unreadable, at: file.path, expected: "a superblock", found: "\(file.size) bytes")
    }
    let superblock = ByteRegion(file, in: 0..<48).copy()
    let end = superblock[28..<36].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard superblock[8] == 3 else {
      throw HDF5Failure(
        .layout, at: "\(file.path) superblock", expected: "version 3",
        found: "version \(superblock[8])")
    }
    guard end == UInt64(file.size) else {
      throw HDF5Failure(
        .unreadable, at: "\(file.path) superblock", expected: "\(end) bytes in the file",
        found: "\(file.size)")
    }
  }
}

/// One pass over all objects of a file.
private struct Walk {
  let fileSize: Int
  var content = HDF5Content(groups: [], datasets: [:], attributes: [:])
  private var addresses: Set<UInt64> = []

  init(fileSize: Int) { self.fileSize = fileSize }

  mutating func group(_ group: Identifier, _ path: String, depth: Int) throws {
    guard depth <= LibHDF5Reader.Limits.depth else {
      throw failure(.limit, path, "at most \(LibHDF5Reader.Limits.depth) levels", "more")
    }
    try enter(group, path)
    content.groups.append(path)
    for index in 0..<(try LibHDF5.H5Gget_info(group, path)) {
      let name = try LibHDF5.H5Lget_name_by_idx(group, index, path)
      try checkName(name, path)
      let child = path == "/" ? name : "\(path)/\(name)"
      guard try LibHDF5.H5Lget_info(group, name, child) else {
        throw failure(.link, child, "a hard link", "a soft, external or user-defined link")
      }
      let object = try LibHDF5.H5Oopen(group, name, child)
      switch try LibHDF5.H5Oget_info(object, child).kind {
      case H5O_TYPE_GROUP: try self.group(object, child, depth: depth + 1)
      case H5O_TYPE_DATASET:
        try enter(object, child)
        content.datasets[child] = try dataset(object, child)
      default: throw failure(.object, child, "a group or a dataset", "another object")
      }
    }
  }

  /// Names are plain ASCII, so that no name is resolved as a path and no two compare equal.
  private func checkName(_ name: String, _ path: String) throws {
    let plain = name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
      default: false
      }
    }
    guard plain, name != ".", name != "..",
      (1...LibHDF5Reader.Limits.nameLength)
        .contains(name.utf8.count)
    else {
      throw failure(.name, path, "names of ASCII letters, digits, `_`, `-` and `.`", "another")
    }
  }

  /// Notes an object's address and reads its attributes.
  private mutating func enter(_ object: Identifier, _ path: String) throws {
    let info = try LibHDF5.H5Oget_info(object, path)
    guard addresses.insert(info.address).inserted else {
      throw failure(.shared, path, "each object under one path", "it under a second one")
    }
    guard addresses.count <= LibHDF5Reader.Limits.objects else {
      throw failure(.limit, path, "at most \(LibHDF5Reader.Limits.objects) objects", "more")
    }
    guard info.attributes <= LibHDF5Reader.Limits.attributes else {
      throw failure(.limit, path, "at most 8 attributes", "\(info.attributes)")
    }
    var attributes: [String: [UInt8]] = [:]
    for index in 0..<info.attributes {
      let attribute = try LibHDF5.H5Aopen_by_idx(object, index, path)
      let name = try LibHDF5.H5Aget_name(attribute, path)
      attributes[name] = try text(attribute, "\(path)@\(name)")
    }
    if !attributes.isEmpty { content.attributes[path] = attributes }
  }

  private func text(_ attribute: Identifier, _ place: String) throws -> [UInt8] {
    let type = try LibHDF5.H5Aget_type(attribute, place)
    let space = try LibHDF5.H5Aget_space(attribute, place)
    guard case .text(let length) = try Datatypes.recognise(type, place),
      try LibHDF5.H5Sget_simple_extent_dims(space, place).shape.isEmpty,
      length <= LibHDF5Reader.Limits.attributeBytes
    else { throw failure(.type, place, "one short text", "another attribute") }
    return try LibHDF5.H5Aread(attribute, type, count: length, place)
  }

  private func dataset(_ dataset: Identifier, _ path: String) throws -> HDF5Dataset {
    let creation = try LibHDF5.H5Dget_create_plist(dataset, path)
    guard try LibHDF5.H5Pget_external_count(creation, path) == 0 else {
      throw failure(.external, path, "elements in this file", "elements in another file")
    }
    // Before anything else: asking a virtual dataset for its extent opens other files.
    let layout = LibHDF5.H5Pget_layout(creation)
    guard layout == H5D_COMPACT || layout == H5D_CHUNKED else {
      throw failure(.layout, path, "compact or one chunk", "another layout")
    }
    let libraryType = try LibHDF5.H5Dget_type(dataset, path)
    let type = try Datatypes.recognise(libraryType, path)
    let space = try LibHDF5.H5Dget_space(dataset, path)
    let (shape, grows) = try LibHDF5.H5Sget_simple_extent_dims(space, path)
    let size = try byteCount(type, shape, path)
    guard !grows else { throw failure(.layout, path, "a fixed extent", "one that can grow") }
    switch layout {
    case H5D_COMPACT where size <= LibHDF5Reader.Limits.headerElementBytes:
      let bytes = try LibHDF5.H5Dread(dataset, libraryType, count: size, path)
      return HDF5Dataset(type: type, shape: shape, elements: .inHeader(bytes))
    case H5D_CHUNKED:
      let filters = try LibHDF5.H5Pget_filter2(creation, path)
      let chunk = try LibHDF5.H5Pget_chunk(creation, rank: shape.count, path)
      let object = Chunked(dataset: dataset, space: space, shape: shape, chunk: chunk, path: path)
      switch filters {
      case [3]:
        return HDF5Dataset(
          type: type, shape: shape, elements: .inFile(try wholeChunk(object, size: size)))
      case [2, ChunkCodec.filter]:
        return HDF5Dataset(
          type: type, shape: shape,
          elements: .compressed(try compressedChunks(object, width: type.byteCount)))
      default:
        throw failure(
          .filter, path, "filter 3, or 2 and \(ChunkCodec.filter)", "filters \(filters)")
      }
    default: throw failure(.layout, path, "compact or one chunk", "another layout")
    }
  }

  private func byteCount(_ type: HDF5Type, _ shape: [Int], _ path: String) throws -> Int {
    var total = type.byteCount
    for extent in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard !overflow, product > 0, product <= fileSize else {
        throw failure(
          .limit, path, "1 to \(fileSize) bytes", "\(type.byteCount) bytes times \(shape)")
      }
      total = product
    }
    guard shape.count <= LibHDF5Reader.Limits.rank else {
      throw failure(.limit, path, "at most 8 axes", "\(shape.count)")
    }
    return total
  }

  /// A dataset in chunks.
  private struct Chunked {
    let dataset: Identifier
    let space: Identifier
    let shape: [Int]
    let chunk: [Int]
    let path: String
  }

  /// The one chunk of an uncompressed dataset, its checksum included.
  private func wholeChunk(_ object: Chunked, size: Int) throws -> Range<Int> {
    guard object.chunk == object.shape else {
      throw failure(.layout, object.path, "one chunk \(object.shape)", "chunks \(object.chunk)")
    }
    try requireChunks(1, object)
    let range = try range(0, object, offset: [Int](repeating: 0, count: object.shape.count))
    guard range.count == size + Fletcher32.byteCount else {
      throw failure(
        .chunk, object.path, "\(size + Fletcher32.byteCount) stored bytes", "\(range.count)")
    }
    return range
  }

  /// The chunks of a compressed dataset, in order of the first axis.
  private func compressedChunks(_ object: Chunked, width: Int) throws -> [Range<Int>] {
    guard !object.shape.isEmpty else {
      throw failure(.layout, object.path, "rows", "a single element")
    }
    let codec = ChunkCodec(width: width, shape: object.shape)
    let wanted = [codec.rowsPerChunk] + object.shape.dropFirst()
    guard object.chunk == wanted else {
      throw failure(.layout, object.path, "chunks \(wanted)", "chunks \(object.chunk)")
    }
    try requireChunks(codec.count, object)
    return try (0..<codec.count).map { index in
      let rest = [Int](repeating: 0, count: object.shape.count - 1)
      return try range(index, object, offset: [index * codec.rowsPerChunk] + rest)
    }
  }

  private func requireChunks(_ count: Int, _ object: Chunked) throws {
    let found = try LibHDF5.H5Dget_num_chunks(object.dataset, object.space, object.path)
    guard found == count else {
      throw failure(.layout, object.path, "\(count) chunks", "\(found)")
    }
  }

  /// Where a chunk is stored; it must be the one that starts at `offset`.
  private func range(_ index: Int, _ object: Chunked, offset: [Int]) throws -> Range<Int> {
    let info = try LibHDF5.H5Dget_chunk_info(
      object.dataset, object.space, index, rank: object.shape.count, object.path)
    guard info.offset == offset, info.mask == 0, info.size > 0, info.size <= UInt64(fileSize),
      info.address <= UInt64(fileSize) - info.size
    else {
      throw failure(
        .chunk, object.path, "chunk \(index) inside the file",
        "\(info.size) bytes at \(info.address), mask \(info.mask)")
    }
    return Int(info.address)..<Int(info.address) + Int(info.size)
  }

  /// No two chunks may share a byte.
  func checkOverlaps() throws {
    var end = 0
    let chunks = content.datasets.flatMap { path, dataset -> [(Range<Int>, String)] in
      switch dataset.elements {
      case .inHeader: []
      case .inFile(let range): [(range, path)]
      case .compressed(let ranges): ranges.map { ($0, path) }
      }
    }
    for (range, path) in chunks.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
      guard range.lowerBound >= end else {
        throw failure(.chunk, path, "a chunk from byte \(end)", "byte \(range.lowerBound)")
      }
      end = range.upperBound
    }
  }

  private func failure(
    _ code: HDF5FailureCode, _ place: String, _ expected: String, _ found: String
  ) -> HDF5Failure {
    HDF5Failure(code, at: place, expected: expected, found: found)
  }
}
