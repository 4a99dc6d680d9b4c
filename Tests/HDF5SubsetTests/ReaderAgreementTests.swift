import FileAccess
import HDF5Oracle
import HDF5Storage
import HDF5Subset
import SpikeTensors
import TestSupport
import Testing

/// The strict reader finds in a file what libhdf5 finds.
@Suite struct ReaderAgreementTests {
  private func expectAgreement(_ path: String, datasets: Int) throws {
    let file = try MappedFile(path: path)
    let content = try StrictHDF5Reader().content(of: file)
    #expect(content.datasets.count == datasets)
    #expect(try LibHDF5Reader().content(of: file) == content, "\(path)")
  }

  private func write(_ path: String, _ body: (HDF5Writer) throws -> Void) throws {
    let writer = try HDF5Writer(path: path)
    try body(writer)
    try writer.close()
  }

  private func tensor(_ type: ElementType, _ shape: [Int], seed: UInt64) throws -> Tensor {
    var random = RepeatableRandom(seed: seed)
    let count = shape.reduce(type.byteCount, *)
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    return try Tensor(type, shape, ByteRegion(bytes), name: "\(type) \(shape)")
  }

  @Test(arguments: ElementType.allCases.filter { $0 != .bool })
  func `on every element type, raw, compressed and in the header`(_ type: ElementType) throws {
    let folder = try ScratchFolder()
    let path = folder.file("types.h5")
    try write(path) {
      try $0.write(tensor(type, [5, 3], seed: 1), to: "raw")
      try $0.write(tensor(type, [], seed: 2), to: "one")
      try $0.writeCompressed(tensor(type, [5, 3], seed: 3), to: "compressed")
    }
    try expectAgreement(path, datasets: 3)
  }

  @Test(arguments: [
    [1], [1, 1, 1, 1, 1, 1, 1, 1], [262_145], [3, 600_000], [100, 1_000, 5], [1, 5_000_000],
  ])
  func `on every number of chunks`(_ shape: [Int]) throws {
    let folder = try ScratchFolder()
    let path = folder.file("chunks.h5")
    let zeros = Tensor(shape, [UInt32](repeating: 0, count: shape.reduce(1, *)).map { Float($0) })
    try write(path) {
      try $0.write(zeros, to: "raw")
      try $0.writeCompressed(zeros, to: "compressed")
    }
    try expectAgreement(path, datasets: 2)
  }

  @Test func `on two thousand datasets, in groups that need many continuations`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("many.h5")
    let small = try tensor(.f32, [3], seed: 4)
    try write(path) { writer in
      for group in 0..<20 {
        try writer.makeGroup("group\(group)")
        for index in 0..<100 {
          let name = "group\(group)/a-tensor-whose-name-is-not-short-\(index)"
          if index.isMultiple(of: 2) {
            try writer.write(small, to: name)
          } else {
            try writer.writeCompressed(small, to: name)
          }
        }
      }
    }
    try expectAgreement(path, datasets: 2_000)
  }

  @Test func `on texts and attributes of every length`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("texts.h5")
    try write(path) { writer in
      for (index, length) in [1, 2, 7, 255, 256, 4_096].enumerated() {
        let text = String(repeating: "é", count: length / 2) + (length % 2 == 1 ? "e" : "")
        try writer.write(text: Array(text.utf8), to: "text\(index)")
        try writer.setAttribute("length", text, of: "text\(index)")
        try writer.setAttribute("length\(index)", text, of: "/")
      }
    }
    try expectAgreement(path, datasets: 6)
  }

  @Test func `on the entries of the zoo`() throws {
    let entries = TestFiles.package + "/zoo/entries"
    let files = try Files.names(in: entries).flatMap { entry in
      try Files.names(in: "\(entries)/\(entry)").filter { $0.hasSuffix(".h5") }.map {
        "\(entries)/\(entry)/\($0)"
      }
    }
    #expect(files.count >= 2)
    for path in files {
      let file = try MappedFile(path: path)
      #expect(try LibHDF5Reader().content(of: file) == StrictHDF5Reader().content(of: file))
    }
  }
}
