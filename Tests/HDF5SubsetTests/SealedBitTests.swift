import Diagnostics
import FileAccess
import HDF5Storage
import HDF5Subset
import SpikeTensors
import TestSupport
import Testing

/// One bit of the structure, flipped below right checksums, is never without effect: schemas/v1/FORMAT.md
/// gives every field one value.
@Suite struct SealedBitTests {
  /// What a file holds, wherever it lies.
  private struct Holdings: Equatable {
    let groups: [String]
    let attributes: [String: [String: [UInt8]]]
    let types: [String: HDF5Type]
    let shapes: [String: [Int]]
    let stored: [String: [[UInt8]]]

    init(_ bytes: [UInt8]) throws {
      let region = ByteRegion(bytes)
      let content = try StrictHDF5Reader().content(of: region, at: "file")
      groups = content.groups
      attributes = content.attributes
      types = content.datasets.mapValues(\.type)
      shapes = content.datasets.mapValues(\.shape)
      stored = content.datasets.mapValues { dataset in
        switch dataset.elements {
        case .inHeader(let bytes): [bytes]
        case .inFile(let range): [region.part(range).copy()]
        case .compressed(let chunks): chunks.map { region.part($0).copy() }
        }
      }
    }
  }

  /// A file with every kind of block and message. Where tensors are zeros, every place of zeros is as good.
  private func sample() throws -> SealedFile {
    let folder = try ScratchFolder()
    let path = folder.file("sample.h5")
    let writer = try HDF5Writer(path: path)
    let zeros = Tensor([20], [Float](repeating: 0, count: 20))
    try writer.makeGroup("group")
    try writer.write(text: Array("text".utf8), to: "text")
    try writer.write(zeros, to: "group/raw")
    try writer.write(TinyModel.counter(7), to: "group/number")
    try writer.writeCompressed(Tensor([3, 5], (0..<15).map(Float.init)), to: "group/compressed")
    try writer.writeCompressed(
      Tensor([1 << 17, 3], [Float](repeating: 1, count: 3 << 17)), to: "group/rows")
    try writer.write(zeros, to: "zeros")
    for name in ["one", "two", "three", "four"] {
      try writer.setAttribute(name, "the text of attribute \(name)", of: "/")
    }
    try writer.setAttribute("name", "text", of: "text")
    try writer.close()
    return SealedFile(try TestFiles.bytes(path))
  }

  @Test func `every bit of every block is refused or changes what the file holds`() throws {
    let sample = try sample()
    let signatures = sample.blocks.map {
      String(decoding: sample.bytes[$0.prefix(4)], as: UTF8.self)
    }
    #expect(Set(signatures).isSuperset(of: ["OHDR", "OCHK", "FAHD", "FADB"]))
    #expect(signatures.count { $0 == "OHDR" } == 8)
    let original = try Holdings(sample.bytes)
    #expect(original.stored["group/rows"]?.count == 2)
    var unseen: [String] = []
    for block in sample.blocks {
      for (byte, bit) in block.flatMap({ byte in (0..<8).map { (byte, $0) } }) {
        let flipped = sample.flipping(bit: bit, ofByte: byte)
        do {
          if try Holdings(flipped) == original { unseen.append("byte \(byte) bit \(bit)") }
        } catch is HDF5Failure {}
      }
    }
    #expect(unseen.isEmpty)
  }
}
