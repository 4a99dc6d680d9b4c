import CanonicalJSON
import FileAccess
import SpikeTensors
import TensorFiles
import TestSupport
import Testing

/// Safetensors files as this software writes them.
@Suite struct SafetensorsWriterTests {
  /// A tensor of every element type, under names whose order is not that of their sizes.
  private static func tensors(_ random: inout RepeatableRandom) throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (index, type) in ElementType.allCases.enumerated() {
      let count = Int.random(in: 1...5, using: &random)
      let bytes = (0..<count * type.byteCount).map { _ in UInt8.random(in: 0...1, using: &random) }
      let name = "\(index % 3)/\(type)"
      tensors[name] = try Tensor(type, [count], ByteRegion(bytes), name: name)
    }
    tensors["none"] = Tensor([0, 3], [Float]())
    tensors["one"] = Tensor([], [Float(2.5)])
    return tensors
  }

  private func write(
    _ tensors: [String: Tensor], _ metadata: [String: String], _ folder: ScratchFolder
  ) throws -> [UInt8] {
    try SafetensorsWriter.write(tensors, metadata: metadata, to: folder.file("t.safetensors"))
    return try TestFiles.bytes(folder.file("t.safetensors"))
  }

  @Test(arguments: 1...8)
  func `what is written is read back`(_ seed: UInt64) throws {
    var random = RepeatableRandom(seed: seed)
    let tensors = try Self.tensors(&random)
    let metadata = ["format": "pt", "note": "\"quoted\" \u{1F} caf\u{E9}"]
    let bytes = try write(tensors, metadata, try ScratchFolder())
    let file = try SafetensorsFile(ByteRegion(bytes), at: "written")
    #expect(AcceptedFile.json(file.tensors) == AcceptedFile.json(tensors))
    #expect(file.metadata == metadata)
  }

  @Test func `the same content has the same bytes, however it was put together`() throws {
    var random = RepeatableRandom(seed: 5)
    let tensors = try Self.tensors(&random)
    let metadata = Dictionary(uniqueKeysWithValues: (0..<20).map { ("key \($0)", "\($0)") })
    let folder = try ScratchFolder()
    let first = try write(tensors, metadata, folder)
    for _ in 0..<5 {
      var other: [String: Tensor] = [:]
      other.reserveCapacity(1 << Int.random(in: 5...12, using: &random))
      for name in tensors.keys.shuffled(using: &random) { other[name] = tensors[name] }
      let pairs = metadata.shuffled(using: &random)
      #expect(try write(other, Dictionary(uniqueKeysWithValues: pairs), folder) == first)
    }
    #expect(try folder.names() == ["t.safetensors"])
  }

  @Test func `every tensor is aligned to its element size, wide ones first`() throws {
    var random = RepeatableRandom(seed: 6)
    let tensors = try Self.tensors(&random)
    let bytes = try write(tensors, [:], try ScratchFolder())
    let region = ByteRegion(bytes)
    let length = Int(region.integer(at: 0, as: UInt64.self))
    #expect(length.isMultiple(of: 8))
    let header = try JSON(parsing: Array(bytes[8..<8 + length]), at: "header")
    let placed = try tensors.map { name, tensor in
      let start = try #require(header[name]?["data_offsets"]?.array?.first?.int)
      #expect((8 + length + start).isMultiple(of: tensor.elementType.byteCount), "\(name)")
      return (start, tensor.elementType.byteCount, name)
    }
    let order = placed.filter { tensors[$0.2]?.count != 0 }.sorted { $0.0 < $1.0 }.map(\.1)
    #expect(order == order.sorted(by: >))
  }

  @Test func `the bytes of one small file are these`() throws {
    let bytes = try write(
      ["b": Tensor([1], [Float(1)]), "a": Tensor([2], [UInt8(7), 8])], ["k": "v"],
      try ScratchFolder())
    let header =
      #"{"__metadata__":{"k":"v"},"a":{"data_offsets":[4,6],"dtype":"U8","shape":[2]},"#
      + #""b":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let expected =
      StoredZip.little(padded.utf8.count, 8) + Array(padded.utf8) + [0, 0, 0x80, 0x3F, 7, 8]
    #expect(bytes == expected)
  }

  @Test func `a file that exists is replaced whole`() throws {
    let folder = try ScratchFolder()
    try TestFiles.write([UInt8](repeating: 0xFF, count: 10_000), to: folder.file("t.safetensors"))
    let bytes = try write(["a": Tensor([1], [Float(1)])], [:], folder)
    #expect(bytes.count < 200)
    #expect(try SafetensorsFile(ByteRegion(bytes), at: "replaced").tensors.count == 1)
  }
}
