import Diagnostics
public import FileAccess

/// Reads the structure of a checkpoint: the HDF5 subset of schemas/v1/FORMAT.md and nothing else.
///
/// Every block is copied, compared with its checksum and parsed within bounds; every byte of the file
/// is part of one thing or zero. What the subset does not have (other links than hard ones, elements
/// in other files or of other datasets, other filters, types and versions, cycles, overlaps, ranges
/// outside the file) is refused by name and place. No element of a chunk is read.
///
/// Corresponds to the HDF5 file format specification, version 3.0.
public struct StrictHDF5Reader: HDF5ContentReader {
  /// Makes a reader.
  public init() {}

  /// Reads the structure of a file.
  ///
  /// - Throws: `HDF5Failure`.
  public func content(of file: MappedFile) throws -> HDF5Content {
    try content(of: ByteRegion(file), at: file.path)
  }

  /// Reads the structure of a file's bytes, wherever they are; `place` names them in errors.
  ///
  /// - Throws: `HDF5Failure`.
  public func content(of file: ByteRegion, at place: String) throws -> HDF5Content {
    do {
      let walk = try Walk(file)
      try walk.finish()
      try checkDecodedBytes(walk.content, of: file)
      return walk.content
    } catch let failure as HDF5Failure {
      throw HDF5Failure(
        failure.code, at: "\(place) \(failure.place)", expected: failure.expected,
        found: failure.found)
    }
  }
}

extension StrictHDF5Reader {
  /// A reader of everything holds all datasets at one time, and a chunk of zeros is stored in a few
  /// bytes.
  private func checkDecodedBytes(_ content: HDF5Content, of file: ByteRegion) throws {
    let limit = HDF5Limits.decodedBytes + HDF5Limits.decodedFactor * file.count
    let sum = content.datasets.values.reduce(0) { sum, dataset in
      guard case .compressed = dataset.elements else { return sum }
      return sum + dataset.shape.reduce(dataset.type.byteCount, *)
    }
    guard sum <= limit else {
      throw HDF5Failure(
        .limit, at: "/", expected: "at most \(limit) bytes in all compressed datasets",
        found: "\(sum)")
    }
  }
}

/// One pass over all objects of a file.
private struct Walk {
  private var file: ClaimedFile
  private(set) var content = HDF5Content(groups: [], datasets: [:], attributes: [:])
  private var addresses: Set<UInt64> = []

  init(_ bytes: ByteRegion) throws {
    file = ClaimedFile(bytes)
    let root = try Superblock(&file).root
    try object(at: root, "/", depth: 0)
  }

  /// Requires that the bytes which no object has claimed are zero.
  func finish() throws { try file.settle() }

  private mutating func object(at address: UInt64, _ path: String, depth: Int) throws {
    try enter(address, path)
    var parts = ObjectParts()
    try ObjectHeader.forEachMessage(at: address, of: path, in: &file) { kind, message in
      try parts.add(kind, &message)
    }
    if !parts.attributes.isEmpty { content.attributes[path] = parts.attributes }
    switch (parts.isGroup, parts.isDataset) {
    case (true, false):
      try parts.checkKinds(path)
      try group(parts, path, depth)
    case (false, true) where depth > 0:
      try parts.checkKinds(path)
      content.datasets[path] = try DatasetReader.dataset(parts, path, in: &file)
    default:
      throw HDF5Failure(
        .object, at: path, expected: depth == 0 ? "a group" : "a group or a dataset",
        found: parts.words)
    }
  }

  private mutating func enter(_ address: UInt64, _ path: String) throws {
    guard addresses.insert(address).inserted else {
      throw HDF5Failure(
        .shared, at: path, expected: "each object under one path",
        found: "that of byte \(address) under a second one")
    }
    guard addresses.count <= HDF5Limits.objects else {
      throw HDF5Failure(
        .limit, at: path, expected: "at most \(HDF5Limits.objects) objects", found: "more")
    }
  }

  private mutating func group(_ parts: ObjectParts, _ path: String, _ depth: Int) throws {
    guard depth <= HDF5Limits.depth else {
      throw HDF5Failure(
        .limit, at: path, expected: "at most \(HDF5Limits.depth) levels", found: "more")
    }
    content.groups.append(path)
    let links = parts.links.sorted { $0.name < $1.name }
    for (index, link) in links.enumerated() {
      guard index == 0 || links[index - 1].name != link.name else {
        throw HDF5Failure(
          .name, at: path, expected: "each name once", found: "`\(link.name)` again")
      }
      let child = path == "/" ? link.name : "\(path)/\(link.name)"
      guard child.utf8.count <= HDF5Limits.pathLength else {
        throw HDF5Failure(
          .limit, at: path, expected: "paths of at most \(HDF5Limits.pathLength) bytes",
          found: "\(child.utf8.count)")
      }
      try object(at: link.address, child, depth: depth + 1)
    }
  }
}
