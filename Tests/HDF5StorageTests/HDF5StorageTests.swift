import Diagnostics
import FileAccess
import HDF5Oracle
import HDF5Storage
import HDF5Subset
import SpikeTensors
import TestSupport
import Testing

/// What the readers find is what the writer wrote.
@Suite struct HDF5StorageTests {
  /// What both readers find.
  private func content(_ path: String) throws -> HDF5Content {
    let file = try MappedFile(path: path)
    let content = try StrictHDF5Reader().content(of: file)
    #expect(try LibHDF5Reader().content(of: file) == content)
    return content
  }

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
    let dataset = try #require(try content(path).datasets["x"])
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
    let dataset = try #require(try content(path).datasets["x"])
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
    let content = try content(path)
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
    #expect(try content(path).datasets.count == 60)
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

  @Test func `a text that is written again in its place leaves no trace of the first`() throws {
    let folder = try ScratchFolder()
    let (first, text) = (Array("unknown".utf8), Array("known 1".utf8))
    let tensor = try values(.f32, count: 100)
    try write(folder.file("once.h5")) {
      try $0.write(text: text, to: "text")
      try $0.write(tensor, to: "x")
    }
    try write(folder.file("twice.h5")) {
      try $0.write(text: first, to: "text")
      try $0.write(tensor, to: "x")
      try $0.rewrite(text: text, at: "text")
    }
    #expect(
      try TestFiles.bytes(folder.file("once.h5")) == TestFiles.bytes(folder.file("twice.h5")))
    #expect {
      try write(folder.file("longer.h5")) {
        try $0.write(text: first, to: "text")
        try $0.rewrite(text: text + text, at: "text")
      }
    } throws: {
      ($0 as? HDF5Failure)?.code == .limit
    }
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

  @Test func `compressed zeros cannot make a small file ask for much memory`() throws {
    let folder = try ScratchFolder()
    let half = try Tensor(
      .i64, [1 << 24], ByteRegion([UInt8](repeating: 0, count: 1 << 27)), name: "zeros")
    for count in 1...3 {
      try write(folder.file("zeros.h5")) { writer in
        for index in 0..<count { try writer.writeCompressed(half, to: "x\(index)") }
      }
      let read = { try StrictHDF5Reader().content(of: MappedFile(path: folder.file("zeros.h5"))) }
      guard count == 3 else {
        #expect(try read().datasets.count == count)
        continue
      }
      #expect(throws: HDF5Failure.self) { try read() }
    }
  }
}
