import CanonicalJSON
import CheckpointFormat
import Digests
import FileAccess
import Foundation
import HDF5Oracle
import HDF5Subset
import TestSupport
import Testing

/// Files that releases wrote are read for ever.
@Suite struct ArchiveTests {
  /// An archived file, and what `archive.json` beside it says.
  struct Archived: Sendable, CustomTestStringConvertible {
    let path: String
    let facts: JSON
    let producer: String
    var testDescription: String { Files.name(of: path) }
  }

  static let archived: [Archived] = {
    let root = TestFiles.path("Archives")
    let versions = (try? Files.names(in: root).filter { Files.isDirectory(root + "/" + $0) }) ?? []
    return versions.flatMap { version -> [Archived] in
      let folder = "\(root)/\(version)"
      guard let bytes = try? TestFiles.bytes(folder + "/archive.json"),
        let json = try? JSON(parsing: bytes, at: folder)
      else { return [] }
      return (json["files"]?.array ?? []).map {
        Archived(
          path: "\(folder)/\($0["name"]?.string ?? "")", facts: $0,
          producer: json["producer"]?.string ?? "")
      }
    }
  }()

  @Test func `every version that was released has files, and every file is listed`() throws {
    #expect(try Files.names(in: TestFiles.path("Archives")).contains("v1"))
    let names = try Files.names(in: TestFiles.path("Archives/v1")).filter { $0.hasSuffix(".h5") }
    #expect(names == Self.archived.map { Files.name(of: $0.path) }.sorted() && names.count >= 2)
  }

  @Test(arguments: archived)
  func `a file is as it was written, and gives what it gave`(_ archived: Archived) throws {
    #expect(try FileDigests(ofFile: archived.path).sha256.hex == archived.facts["sha256"]?.string)
    let file = try CheckpointFile.openVerified(archived.path)
    let checkpoint = try file.checkpoint()
    let identity = try checkpoint.identity()
    #expect(identity.modelID.hex == archived.facts["model_id"]?.string)
    #expect(identity.weightsID.hex == archived.facts["weights_id"]?.string)
    #expect(file.layout.rawValue == archived.facts["layout"]?.string)
    #expect(file.formatVersion == archived.facts["format_version"]?.string)
    #expect(checkpoint.references.count == archived.facts["references"]?.int)
    #expect(!checkpoint.references.map(\.origin.isIndependent).contains(false))
    #expect(checkpoint.records.accuracy.count == archived.facts["accuracy"]?.int)
    #expect(checkpoint.records.firing.count == archived.facts["firing"]?.int)
    #expect(try checkpoint.provenance["source"]?["container"]?.string == "torch")
  }

  /// Everything that a manifest says but who wrote the file.
  private static func content(_ file: CheckpointFile) throws -> JSON {
    var members = try #require(try file.json("manifest")?.object)
    var attributes = try #require(members["attributes"]?.object)
    var root = try #require(attributes["/"]?.object)
    root["producer"] = nil
    attributes["/"] = .object(root)
    members["attributes"] = .object(attributes)
    return .object(members)
  }

  @Test(arguments: archived, CheckpointLayout.allCases)
  func `a file written again says the same`(
    _ archived: Archived, _ layout: CheckpointLayout
  ) throws {
    let folder = try ScratchFolder()
    let path = folder.file("again.qkz.h5")
    let old = try CheckpointFile.openVerified(archived.path)
    try CheckpointWriter.write(try old.checkpoint(), to: path, layout: layout)
    let new = try CheckpointFile.openVerified(path)
    #expect(try Self.content(old) == Self.content(new))
    let isSame = layout == old.layout && archived.producer == FormatVersion.producer
    if isSame {
      #expect(try TestFiles.bytes(archived.path) == TestFiles.bytes(path))
    }
    // libhdf5 sees the same objects; elements are covered by the digests of the manifest.
    let found = try [archived.path, path].map { path in
      try LibHDF5Reader().content(of: MappedFile(path: path))
    }
    #expect(Set(found[0].groups) == Set(found[1].groups))
    #expect(Self.withoutProducer(found[0]) == Self.withoutProducer(found[1]))
    #expect(
      found[0].datasets.mapValues { Shape($0) } == found[1].datasets.mapValues { Shape($0) })
  }

  private struct Shape: Equatable {
    let type: HDF5Type
    let shape: [Int]

    init(_ dataset: HDF5Dataset) { (type, shape) = (dataset.type, dataset.shape) }
  }

  private static func withoutProducer(_ content: HDF5Content) -> [String: [String: [UInt8]]] {
    var attributes = content.attributes
    attributes["/"]?["producer"] = nil
    return attributes
  }
}
