import CanonicalJSON
import FileAccess
import TensorFiles
import TestSupport
import Testing

/// A kind of container, by the folder of its files.
enum Container: String, CaseIterable {
  case zip, safetensors, npy

  /// Reads everything that a file offers, in the form of the JSON files of `Tests/Accepted`.
  func read(_ path: String) throws -> [String: JSON] {
    switch self {
    case .zip:
      let archive = try ZipArchive(ByteRegion(try MappedFile(path: path)), at: path)
      let entries = try archive.entries.map { entry in
        let bytes = try archive.checkedBytes(of: entry).copy()
        return (entry.name, JSON.string(AcceptedFile.hex(bytes)))
      }
      return ["entries": .object(Dictionary(uniqueKeysWithValues: entries))]
    case .safetensors:
      let file = try SafetensorsFile(ByteRegion(try MappedFile(path: path)), at: path)
      let metadata = file.metadata.mapValues { JSON.string($0) }
      return ["tensors": AcceptedFile.json(file.tensors), "metadata": .object(metadata)]
    case .npy:
      let tensors = path.hasSuffix(".npz") ? ["input", "labels"] : [""]
      let named = try tensors.map { name in
        (name, try TensorSource.read(name.isEmpty ? path : "\(path):\(name)"))
      }
      return [
        "tensors": AcceptedFile.json(Dictionary(uniqueKeysWithValues: named)), "metadata": [:],
      ]
    }
  }
}

/// Containers of tensors, good and bad.
@Suite struct ContainerTests {
  static let corrupt = Container.allCases.flatMap { kind in
    CorruptFile.all(kind.rawValue).map { (kind, $0) }
  }

  static let accepted = Container.allCases.flatMap { kind in
    AcceptedFile.all(kind.rawValue).map { (kind, $0) }
  }

  /// A safetensors file of tensors without elements, and of metadata.
  private func zeros(_ count: Int) -> [UInt8] {
    let members = (0..<count).map { #""k\#($0)":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"# }
    let header = Array("{\((members + [#""__metadata__":{}"#]).joined(separator: ","))}".utf8)
    return StoredZip.little(header.count, 8) + header
  }

  @Test func `a safetensors file has at most 100,000 tensors`() throws {
    #expect(try SafetensorsFile(ByteRegion(zeros(100_000)), at: "most").tensors.count == 100_000)
    // One beside the metadata, and many.
    for count in [100_001, 150_000] {
      let bytes = zeros(count)
      let refusal = try Refusal.of { _ = try SafetensorsFile(ByteRegion(bytes), at: "many") }
      #expect(refusal == Refusal(name: "too-many-tensors", exitCode: 65))
    }
  }

  @Test func `the folders are there`() {
    #expect(Self.corrupt.count > 130)
    #expect(Self.accepted.count > 15)
  }

  @Test(arguments: corrupt)
  func `a corrupt file is refused with the error that its name says`(
    _ kind: Container, _ file: CorruptFile
  ) throws {
    #expect(try Refusal.of { _ = try kind.read(file.path) } == file.expected)
  }

  @Test(arguments: accepted)
  func `a good file is read right`(_ kind: Container, _ file: AcceptedFile) throws {
    for (member, value) in try kind.read(file.path) {
      #expect(value == (try file.expected(member)), "\(member)")
    }
  }

  @Test(arguments: accepted)
  func `a damaged file is refused by name or read`(
    _ kind: Container, _ file: AcceptedFile
  ) throws {
    var random = RepeatableRandom(seed: 31)
    let folder = try ScratchFolder()
    let bytes = try TestFiles.bytes(file.path)
    let suffix = try #require(file.path.split(separator: ".").last)
    var refused = 0
    for _ in 0..<150 {
      let path = folder.file("damaged.\(suffix)")
      try TestFiles.write(Damage.some(bytes, &random), to: path)
      refused += try Refusal.of { _ = try kind.read(path) } == nil ? 0 : 1
    }
    #expect(refused > 75)
  }
}

/// A tensor named on the command line.
@Suite struct TensorSourceTests {
  private static let folder = TestFiles.path("Accepted")

  @Test func `the only tensor of a file needs no name`() throws {
    let tensor = try TensorSource.read(Self.folder + "/safetensors/padded.safetensors")
    #expect(tensor.bytes.copy() == [7])
  }

  @Test func `of several tensors input is the default and any can be named`() throws {
    let path = Self.folder + "/npy/savez.npz"
    #expect(try TensorSource.read(path).elementType == .f32)
    #expect(try TensorSource.read(path + ":labels").elementType == .i64)
  }

  @Test(arguments: [
    ("npy/savez.npz:other", "no-such-tensor", 66),
    ("safetensors/plain.safetensors", "no-such-tensor", 66),
    ("safetensors/nothing.safetensors", "no-such-tensor", 66),
    ("zip/zipfile.zip", "unknown-container", 65), ("npy/none", "no-such-file", 66),
    ("npy", "not-a-regular-file", 66),
  ])
  func `what is not there is refused by name`(
    _ text: String, _ name: String, _ exitCode: Int32
  ) throws {
    let refusal = try Refusal.of { _ = try TensorSource.read("\(Self.folder)/\(text)") }
    #expect(refusal == Refusal(name: name, exitCode: exitCode))
  }
}
