import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import HDF5Storage
import HDF5Subset
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// A checkpoint taken apart, to be written as other software would write it.
private struct TakenApart {
  var attributes: [String: [String: String]]
  var texts: [String: [UInt8]]
  private let tensors: [String: Tensor]
  private let groups: [String]
  private static let manifestPath = "manifest"

  init(_ path: String) throws {
    let file = try MappedFile(path: path)
    let content = try StrictHDF5Reader().content(of: file)
    groups = content.groups.filter { $0 != "/" }
    attributes = content.attributes.mapValues {
      $0.mapValues { String(decoding: $0, as: UTF8.self) }
    }
    var (texts, tensors): ([String: [UInt8]], [String: Tensor]) = ([:], [:])
    for (path, dataset) in content.datasets {
      let region: ByteRegion
      switch dataset.elements {
      case .inHeader(let bytes): region = ByteRegion(bytes)
      case .inFile(let range):
        region = ByteRegion(file, in: range.lowerBound..<range.upperBound - 4)
      case .compressed: preconditionFailure("a file of layout mapped")
      }
      switch dataset.type {
      case .text: texts[path] = region.copy()
      case .number(let type):
        tensors[path] = try Tensor(type, dataset.shape, region, name: path)
      }
    }
    self.texts = texts
    self.tensors = tensors
  }

  /// The manifest, which can be given other members.
  var manifest: JSON {
    get throws { try JSON(parsing: texts[Self.manifestPath] ?? [], at: Self.manifestPath) }
  }

  /// Writes everything, with a manifest whose digests are those of what is written.
  func write(to path: String, edit: (inout [String: JSON]) -> Void = { _ in }) throws {
    var members = try manifest.object ?? [:]
    var digests = members["datasets"]?.object ?? [:]
    for (name, text) in texts where name != Self.manifestPath {
      digests[name] = .string(SHA256.digest(of: text).hex)
    }
    members["datasets"] = .object(digests)
    members["attributes"] = .object(
      attributes.mapValues {
        .object($0.mapValues { .string(SHA256.digest(of: $0).hex) })
      })
    edit(&members)
    let writer = try HDF5Writer(path: path)
    for group in groups { try writer.makeGroup(group) }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      try writer.write(tensor, to: name)
    }
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      let isManifest = name == Self.manifestPath
      try writer.write(text: isManifest ? JSON.object(members).canonicalBytes : text, to: name)
    }
    for (object, members) in attributes {
      for (name, text) in members { try writer.setAttribute(name, text, of: object) }
    }
    try writer.close()
  }
}

/// What a reader of one version does with files of another: a format 1.1 with one element more, and
/// elements at other versions, worked through with tables of their own.
@Suite struct FormatVersionTests {
  private static let calibration: JSON = ["schema": "calibration/1", "offset": .number(0.5)]

  /// A format 1.1 that adds one element; that is two rows.
  private static let nextTable = VersionTable(
    formats: VersionTable.current.formats + [
      VersionTable.Format(
        "1.1", kinds: VersionTable.current.formats[0].kinds.union(["calibration"]))
    ],
    elements: VersionTable.current.elements + [
      VersionTable.Element("calibration", "1.0", .text("calibration"))
    ])

  /// A file of this software's format, with records.
  private static func file(in folder: ScratchFolder) throws -> String {
    let path = folder.file("old.qkz.h5")
    var checkpoint = TinyModel.checkpoint()
    checkpoint.records = Samples.records(checkpoint.configuration)
    try CheckpointWriter.write(checkpoint, to: path)
    return path
  }

  /// The same model with an element more.
  private static func taken(_ path: String, format: String) throws -> TakenApart {
    var parts = try TakenApart(path)
    parts.attributes["/"]?["format_version"] = format
    parts.texts["calibration"] = calibration.canonicalBytes
    parts.attributes["calibration"] = [
      "encoding_type": "calibration", "encoding_version": "1.0",
    ]
    return parts
  }

  private static func refusal(_ body: () throws -> Void) -> CheckpointFailure? {
    do {
      try body()
      return nil
    } catch {
      return error as? CheckpointFailure
    }
  }

  @Test func `taking a file apart and writing it again changes nothing`() throws {
    let folder = try ScratchFolder()
    let old = try Self.file(in: folder)
    let new = folder.file("new.qkz.h5")
    try TakenApart(old).write(to: new)
    let files = try [old, new].map { try CheckpointFile.openVerified($0) }
    #expect(
      try files[0].checkpoint().identity().modelID == files[1].checkpoint().identity().modelID)
    #expect(try files[0].json("manifest") == files[1].json("manifest"))
  }

  @Test func `a newer minor version with one element more is refused by name`() throws {
    let folder = try ScratchFolder()
    let new = folder.file("new.qkz.h5")
    try Self.taken(Self.file(in: folder), format: "1.1").write(to: new)
    let failure = try #require(Self.refusal { _ = try CheckpointFile(path: new) })
    #expect(failure.code == .version && failure.exitCode == 65)
    #expect(failure.place == "\(new) /@format_version" && failure.expected == "1.0")
    #expect(failure.found.hasPrefix("1.1;"))
  }

  @Test func `with two rows more it is read, and so are files of before`() throws {
    let folder = try ScratchFolder()
    let old = try Self.file(in: folder)
    let new = folder.file("new.qkz.h5")
    try Self.taken(old, format: "1.1").write(to: new)
    let files = try [old, new].map { try CheckpointFile(path: $0, table: Self.nextTable) }
    #expect(files.map(\.formatVersion) == ["1.0", "1.1"])
    for file in files {
      #expect(try file.structureFindings().isEmpty && file.byteFindings().isEmpty)
    }
    #expect(try files[0].json("calibration") == nil)
    #expect(try files[1].json("calibration") == Self.calibration)
    #expect(
      try files[0].checkpoint().identity().modelID == files[1].checkpoint().identity().modelID)
    #expect(try files[0].checkpoint().records == files[1].checkpoint().records)
  }

  @Test func `an element is judged by the format that the file has`() throws {
    let folder = try ScratchFolder()
    let new = folder.file("new.qkz.h5")
    try Self.taken(Self.file(in: folder), format: "1.0").write(to: new)
    for table in [VersionTable.current, Self.nextTable] {
      let places = try CheckpointFile(path: new, table: table).structureFindings().map(\.place)
      #expect(places.contains { $0.contains("calibration") })
    }
  }

  @Test func `a newer major version is refused by name, whatever its manifest is`() throws {
    let folder = try ScratchFolder()
    var parts = try TakenApart(Self.file(in: folder))
    parts.attributes["/"]?["format_version"] = "2.0"
    let new = folder.file("new.qkz.h5")
    let edits: [(inout [String: JSON]) -> Void] = [
      { _ in }, { $0["schema"] = "qkzoo.manifest/2" }, { $0["more"] = .null },
    ]
    for edit in edits {
      try parts.write(to: new, edit: edit)
      let failure = try #require(Self.refusal { _ = try CheckpointFile(path: new) })
      #expect(failure.code == .version && failure.found.hasPrefix("2.0;"))
    }
    parts.attributes["/"]?["format_version"] = "1.0"
    try parts.write(to: new) { $0["schema"] = "qkzoo.manifest/2" }
    #expect(Self.refusal { _ = try CheckpointFile(path: new) }?.code == .manifest)
  }

  @Test func `a manifest has the lowest version that can say its configuration`() throws {
    let folder = try ScratchFolder()
    let (plain, biased, new) = (
      try Self.file(in: folder), folder.file("biased.qkz.h5"), folder.file("new.qkz.h5")
    )
    var configuration = TinyModel.configuration(.imagenet, mixers: [.qkta, .qkta, .ssa])
    configuration.qkformer.biases = QKFormer.spikingJellyBiases
    try CheckpointWriter.write(TinyModel.checkpoint(configuration), to: biased)
    for (path, own, other) in [(plain, "1.0", "1.1"), (biased, "1.1", "1.0")] {
      var parts = try TakenApart(path)
      #expect(parts.attributes["manifest"]?["encoding_version"] == own)
      parts.attributes["manifest"]?["encoding_version"] = other
      try parts.write(to: new)
      let findings = try CheckpointFile(path: new).structureFindings()
      #expect(findings.contains { $0.place.hasSuffix("manifest@encoding_version") })
    }
  }

  @Test(arguments: ["manifest", "parameters", "records", "provenance"])
  func `an element at a newer version is refused by its name`(_ element: String) throws {
    let folder = try ScratchFolder()
    var parts = try TakenApart(Self.file(in: folder))
    parts.attributes[element]?["encoding_version"] = "1.2"
    let new = folder.file("new.qkz.h5")
    try parts.write(to: new)
    let failure = try #require(Self.refusal { _ = try CheckpointFile(path: new) })
    #expect(failure.code == .version)
    #expect(failure.place == "\(new) \(element)@encoding_version")
  }

  @Test func `an element of an older version becomes the newest by its row`() throws {
    let folder = try ScratchFolder()
    let new = try Self.file(in: folder)
    let records = try CheckpointFile.open(new).checkpoint().records
    var parts = try TakenApart(new)
    // Before there was 1.0, say, the list of firing statistics was called otherwise.
    var members = try JSON(parsing: parts.texts["records"] ?? [], at: "records").object ?? [:]
    members["spiking"] = members.removeValue(forKey: "firing")
    parts.texts["records"] = JSON.object(members).canonicalBytes
    parts.attributes["records"]?["encoding_version"] = "0.9"
    let old = folder.file("older.qkz.h5")
    try parts.write(to: old)
    #expect(Self.refusal { _ = try CheckpointFile(path: old) }?.code == .version)
    let migration = VersionTable.Element("records", "0.9", .text("records")) { json in
      var members = json.object ?? [:]
      members["firing"] = members.removeValue(forKey: "spiking")
      return .object(members)
    }
    let table = VersionTable(
      formats: VersionTable.current.formats,
      elements: [migration] + VersionTable.current.elements)
    for path in [old, new] {
      let file = try CheckpointFile(path: path, table: table)
      #expect(try file.structureFindings().isEmpty && file.byteFindings().isEmpty)
      #expect(try file.checkpoint().records == records)
    }
  }
}
