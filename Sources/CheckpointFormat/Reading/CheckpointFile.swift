package import CanonicalJSON
import Concurrency
import Diagnostics
import Digests
import FileAccess
import HDF5Subset
import SpikeTensors
public import SpikingModels
import Synchronization

/// How a checkpoint stores its tensors; the identities do not depend on it.
///
/// Corresponds to schemas/v1/FORMAT.md, "Layouts".
public enum CheckpointLayout: String, Sendable, CaseIterable {
  /// Raw, one chunk for each tensor, aligned: used in place.
  case mapped
  /// Shuffled and compressed with zstd.
  case compact
}

/// An open checkpoint: its structure has been read, its tensors are mapped and untouched.
public final class CheckpointFile: Sendable {
  /// Where it is.
  public let path: String
  let content: HDF5Content
  let manifest: Manifest
  /// Which versions are read.
  let table: VersionTable
  private let file: MappedFile
  /// Whether the bytes were found to be what was recorded.
  let isVerified = Atomic(false)

  /// Reads the structure of a file without judging it; see `structureFindings`.
  ///
  /// - Throws: `HDF5Failure`, `CheckpointFailure`, `JSONFailure`, `ConfigurationFailure`,
  ///   `FileFailure`.
  public convenience init(path: String) throws { try self.init(path: path, table: .current) }

  /// Reads the structure of a file by another table of versions than this software's.
  ///
  /// - Throws: as `init(path:)`.
  package init(path: String, table: VersionTable) throws {
    self.path = path
    self.table = table
    file = try MappedFile(path: path)
    content = try StrictHDF5Reader().content(of: file)
    guard content.attributes["/"]?["format"] != nil,
      let dataset = content.datasets[ElementPaths.manifest], dataset.shape == [1],
      case .text(let length) = dataset.type, case .inFile(let range) = dataset.elements
    else {
      throw CheckpointFailure(
        .foreign, at: path, expected: "attribute `format` and dataset `manifest`",
        found: "an HDF5 file without them")
    }
    let place = "\(path) \(ElementPaths.manifest)"
    try Self.checkChunk(file, range, place)
    let text = ByteRegion(file, in: range.lowerBound..<range.lowerBound + length).copy()
    do {
      manifest = try Manifest(bytes: text, at: place)
    } catch {
      // Another format may have another manifest: the version is the better reason.
      try Self.checkFormat(content, table, path)
      throw error
    }
    try checkVersions()
  }

  /// Opens a file whose structure obeys the schema; bytes are not verified.
  ///
  /// - Throws: as `init(path:)`, and `CheckpointFindings`.
  public static func open(_ path: String) throws -> CheckpointFile {
    let file = try CheckpointFile(path: path)
    let findings = file.structureFindings()
    guard findings.isEmpty else { throw CheckpointFindings(findings) }
    return file
  }

  /// Opens a file whose structure obeys the schema and whose every byte is what was recorded.
  ///
  /// - Throws: as `open`, and `CheckpointFindings` for bytes that are not.
  public static func openVerified(_ path: String) throws -> CheckpointFile {
    let file = try open(path)
    let findings = try file.byteFindings()
    guard findings.isEmpty else { throw CheckpointFindings(findings) }
    return file
  }

  /// The version of the format that the file has.
  public var formatVersion: String { format.version }

  /// What the model is.
  public var configuration: ModelConfiguration { manifest.configuration }

  /// Versions that are unknown although their attribute is as recorded: newer software's.
  private func checkVersions() throws {
    func check(_ object: String, _ name: String, known: [String]) throws {
      guard let value = content.attributes[object]?[name],
        manifest.attributes[object]?[name] == SHA256.digest(of: value)
      else { return }
      let text = String(decoding: value, as: UTF8.self)
      guard known.contains(text) else {
        throw Self.unknown("\(path) \(object)@\(name)", known, text)
      }
    }
    try check("/", "format", known: [FormatVersion.format])
    try check("/", "format_version", known: table.formats.map(\.version))
    try check("/", "numerics_version", known: [FormatVersion.numerics])
    let layout = table.layout(of: format)
    for object in content.attributes.keys {
      guard let kind = layout.kind(of: object) else { continue }
      try check(object, FormatVersion.typeAttribute, known: [kind])
      try check(object, FormatVersion.versionAttribute, known: table.versions(of: kind))
    }
  }

  /// A format that is not known, whatever the manifest says.
  private static func checkFormat(
    _ content: HDF5Content, _ table: VersionTable, _ path: String
  ) throws {
    let known = table.formats.map(\.version)
    guard let value = content.attributes["/"]?["format_version"] else { return }
    let text = String(decoding: value, as: UTF8.self)
    guard known.contains(text) else { throw unknown("\(path) /@format_version", known, text) }
  }

  private static func unknown(
    _ place: String, _ known: [String], _ found: String
  ) -> CheckpointFailure {
    CheckpointFailure(
      .version, at: place, expected: known.joined(separator: " or "),
      found: "\(found); a newer qkzoo may read it")
  }

  /// The text of an attribute, if there is one.
  func attribute(_ name: String, of object: String) -> String? {
    content.attributes[object]?[name].map { String(decoding: $0, as: UTF8.self) }
  }

  /// The format that the file says it has; else the one that is written.
  var format: VersionTable.Format {
    table.format(attribute("format_version", of: "/")) ?? table.written
  }

  // MARK: Elements

  /// The elements of a dataset: mapped where they are stored raw, decoded where compressed.
  ///
  /// - Throws: `HDF5Failure` for a chunk that does not decode.
  func region(_ dataset: HDF5Dataset, at place: String) throws -> ByteRegion {
    switch dataset.elements {
    case .inHeader(let bytes): return ByteRegion(bytes)
    case .inFile(let range):
      return ByteRegion(file, in: range.lowerBound..<range.upperBound - Fletcher32.byteCount)
    case .compressed(let chunks):
      let codec = ChunkCodec(width: dataset.type.byteCount, shape: dataset.shape)
      let stored = chunks.map { ByteRegion(file, in: $0) }
      return ByteRegion(try codec.decode(stored, at: place))
    }
  }

  /// How the tensors are stored.
  public var layout: CheckpointLayout {
    let isCompressed = content.datasets.values.contains { dataset in
      if case .compressed = dataset.elements { true } else { false }
    }
    return isCompressed ? .compact : .mapped
  }

  /// The tensor of a dataset of numbers.
  ///
  /// - Throws: `CheckpointFailure`, `TensorFailure`.
  func tensor(_ path: String) throws -> Tensor {
    guard let dataset = content.datasets[path], case .number(let type) = dataset.type else {
      throw CheckpointFailure(
        .structure, at: "\(self.path) \(path)", expected: "a dataset of numbers", found: "none")
    }
    let place = "\(self.path) \(path)"
    return try Tensor(type, dataset.shape, region(dataset, at: place), name: place)
  }

  /// The canonical JSON of an element that is one text, if there is one, as the version that is
  /// written has it.
  package func json(_ path: String) throws -> JSON? {
    guard let dataset = content.datasets[path] else { return nil }
    let place = "\(self.path) \(path)"
    let json = try JSON(parsingCanonical: try region(dataset, at: place).copy(), at: place)
    let kind = table.layout(of: format).kind(of: path)
    let version = attribute(FormatVersion.versionAttribute, of: path)
    let row = table.elements.first { $0.kind == kind && $0.version == version }
    return try row?.migrated(json) ?? json
  }

  /// The whole checkpoint; tensors stay in the mapped file.
  ///
  /// - Throws: `CheckpointFailure`, `TensorFailure`, `JSONFailure`.
  public func checkpoint() throws -> Checkpoint {
    let tensors = try self.tensors(manifest.tensors.map(\.path))
    let parameters = [String: Tensor](uniqueKeysWithValues: tensors)
    let provenance = try provenance()
    let verified = isVerified.load(ordering: .acquiring) ? recordedDigests : nil
    return Checkpoint(
      configuration: manifest.configuration, parameters: parameters,
      references: try references(), records: try records(), provenance: { provenance },
      digests: verified.map { digests in { @Sendable in digests } })
  }

  /// Parameters by their paths; on all cores where they must be decoded.
  private func tensors(_ paths: [String]) throws -> [(String, Tensor)] {
    let read = { @Sendable (path: String) in
      (path, try self.tensor(ElementPaths.parameter(path)))
    }
    return layout == .mapped ? try paths.map(read) : try paths.concurrentMap(read)
  }

  func records() throws -> Records {
    try json(ElementPaths.records).map {
      try Records(json: $0, at: "\(path) \(ElementPaths.records)")
    } ?? Records()
  }

  func provenance() throws -> JSON { try json(ElementPaths.provenance) ?? .object([:]) }

  func references() throws -> [Reference] {
    try manifest.references.enumerated().map { index, json in
      let group = ElementPaths.reference(index) + "/"
      var tensors: [String: Tensor] = [:]
      for path in content.datasets.keys where path.hasPrefix(group) {
        tensors[String(path.dropFirst(group.count))] = try tensor(path)
      }
      return try Reference(json: json, datasets: tensors, at: "\(path) \(group.dropLast())")
    }
  }

  /// Compares a chunk with its Fletcher-32 checksum.
  static func checkChunk(_ file: MappedFile, _ range: Range<Int>, _ place: String) throws {
    let data = range.lowerBound..<range.upperBound - Fletcher32.byteCount
    let found = file.withBytes(in: data) { Fletcher32.checksum(of: $0) }
    let stored = ByteRegion(file, in: data.upperBound..<range.upperBound).copy()
    let expected = stored.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard found == expected else {
      throw CheckpointFailure(
        .checksum, at: place, expected: "Fletcher-32 " + String(expected, radix: 16),
        found: String(found, radix: 16))
    }
  }

  /// The findings of `checkChunk` for a dataset.
  func chunkFinding(_ dataset: HDF5Dataset, _ place: String) throws -> CheckpointFailure? {
    guard case .inFile(let range) = dataset.elements else { return nil }
    do {
      try Self.checkChunk(file, range, place)
      return nil
    } catch let failure as CheckpointFailure {
      return failure
    }
  }
}
