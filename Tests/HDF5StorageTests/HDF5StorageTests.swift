import Diagnostics
import FileAccess
import HDF5Storage
import HDF5Subset
import SpikeTensors
import TestSupport
import Testing

/// What the reader finds is what the writer wrote.
@Suite struct HDF5StorageTests {
  private func write(_ path: String, _ body: (HDF5Writer) throws -> Void) throws {
    let writer = try HDF5Writer(path: path)
    try body(writer)
    try writer.close()
  }

  private func values(_ type: ElementType, count: Int) throws -> Tensor {
    let bytes = (0..<count * type.byteCount).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
    return try Tensor(type, [count], ByteRegion(bytes), name: type.rawValue)
  }

  @Test(arguments: ElementType.allCases.filter { $0 != .bool })
  func `every element type keeps its bytes, aligned and with HDF5's own checksum`(
    _ type: ElementType
  ) throws {
    let folder = try ScratchFolder()
    let path = folder.file("x.h5")
    let tensor = try values(type, count: 37)
    try write(path) { try $0.write(tensor, to: "x") }
    let dataset = try #require(try LibHDF5Reader().content(ofFile: path).datasets["x"])
    #expect(dataset.type == .number(type))
    #expect(dataset.shape == [37])
    guard case .inFile(let range) = dataset.elements else {
      Issue.record("\(dataset.elements)")
      return
    }
    #expect(range.lowerBound.isMultiple(of: HDF5Writer.alignment))
    let stored = Array(try TestFiles.bytes(path)[range])
    #expect(Array(stored.dropLast(4)) == tensor.bytes.copy())
    let checksum = tensor.bytes.withBytes { Fletcher32.checksum(of: $0) }
    #expect(stored.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } == checksum)
  }

  @Test func `a single number lies in its object header`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("x.h5")
    try write(path) { try $0.write(TinyModel.counter(-3), to: "x") }
    let dataset = try #require(try LibHDF5Reader().content(ofFile: path).datasets["x"])
    #expect(dataset.shape.isEmpty)
    #expect(dataset.elements == .inHeader([0xFD] + [UInt8](repeating: 0xFF, count: 7)))
  }

  @Test func `groups, text and attributes come back`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("x.h5")
    try write(path) {
      try $0.makeGroup("a")
      try $0.makeGroup("a/b")
      try $0.write(text: Array("größe".utf8), to: "a/b/t")
      try $0.setAttribute("who", "qkzoo é", of: "/")
      try $0.setAttribute("kind", "text", of: "a/b/t")
    }
    let content = try LibHDF5Reader().content(ofFile: path)
    #expect(content.groups == ["/", "a", "a/b"])
    #expect(content.datasets["a/b/t"]?.type == .text(length: 7))
    #expect(content.attributes["/"]?["who"] == Array("qkzoo é".utf8))
    #expect(content.attributes["a/b/t"]?["kind"] == Array("text".utf8))
  }

  @Test func `sixty links in a group stay in its header`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("x.h5")
    let tensor = try values(.f32, count: 3)
    try write(path) { writer in
      for index in 0..<60 { try writer.write(tensor, to: "tensor\(index)") }
    }
    #expect(try LibHDF5Reader().content(ofFile: path).datasets.count == 60)
    let bytes = try TestFiles.bytes(path)
    let heap = Array("FRHP".utf8)
    #expect(!bytes.indices.dropLast(4).contains { Array(bytes[$0..<$0 + 4]) == heap })
  }

  @Test func `the same content gives the same bytes`() throws {
    let folder = try ScratchFolder()
    let tensor = try values(.f32, count: 100)
    for name in ["a.h5", "b.h5"] {
      try write(folder.file(name)) {
        try $0.makeGroup("g")
        try $0.write(tensor, to: "g/x")
        try $0.setAttribute("a", "b", of: "g")
      }
    }
    #expect(
      try TestFiles.bytes(folder.file("a.h5")) == TestFiles.bytes(folder.file("b.h5")))
  }

  @Test func `an empty tensor is refused by name`() throws {
    let folder = try ScratchFolder()
    let empty = Tensor([0], [Float]())
    #expect {
      try write(folder.file("x.h5")) { try $0.write(empty, to: "x") }
    } throws: {
      ($0 as? HDF5Failure)?.code == .limit
    }
  }
}

/// Files that must be refused, each with its own error.
@Suite struct CorruptHDF5Tests {
  static let files =
    (try? Files.names(in: TestFiles.path("Corrupt/hdf5")))?
    .filter { $0.hasSuffix(".h5") } ?? []

  @Test func `the corpus is there`() {
    #expect(Self.files.count >= 25)
  }

  @Test(arguments: files)
  func `a file is refused with the error in its name`(_ name: String) throws {
    let expected = String(name.split(separator: ".")[0])
    let path = TestFiles.path("Corrupt/hdf5/\(name)")
    #expect {
      _ = try LibHDF5Reader().content(ofFile: path)
    } throws: { error in
      (error as? HDF5Failure)?.name == expected
    }
  }
}

/// The checksum of filter 3.
@Suite struct Fletcher32Tests {
  @Test func `it is that of the published example`() {
    func checksum(_ text: String) -> UInt32 {
      ByteRegion(Array(text.utf8)).withBytes { Fletcher32.checksum(of: $0) }
    }
    // sum1 = 6162 + 6364 + 6500 and sum2 = 6162 + c4c6 + 129c6, each folded to 16 bits.
    #expect(checksum("abcde") == 0x4FF0_29C7)
    #expect(checksum("") == 0)
  }

  @Test func `long inputs fold without overflow`() {
    let ones = ByteRegion([UInt8](repeating: 0xFF, count: 100_001))
    let once = ones.withBytes { Fletcher32.checksum(of: $0) }
    // Words of all ones are zero in one's complement; the odd byte is ff00.
    #expect(once == 0xFF00_FF00)
  }
}
