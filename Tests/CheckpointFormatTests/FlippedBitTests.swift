import CheckpointFormat
import Diagnostics
import FileAccess
import HDF5Oracle
import HDF5Subset
import SpikeTensors
import TestSupport
import Testing

/// One flipped bit, anywhere in a file, is never unseen.
@Suite struct FlippedBitTests {
  /// A checkpoint with a reference and records, and what the strict reader finds in it.
  private struct Sample {
    let folder: ScratchFolder
    let bytes: [UInt8]
    let content: HDF5Content

    init(_ layout: CheckpointLayout) throws {
      folder = try ScratchFolder()
      let path = folder.file("model.qkz.h5")
      var checkpoint = TinyModel.checkpoint()
      checkpoint.references = [Samples.reference(checkpoint.configuration)]
      checkpoint.records = Samples.records(checkpoint.configuration)
      try CheckpointWriter.write(checkpoint, to: path, layout: layout)
      bytes = try TestFiles.bytes(path)
      content = try StrictHDF5Reader().content(of: MappedFile(path: path))
    }

    /// The stored bytes of the model's tensors.
    var tensorBytes: [Int] {
      content.datasets.filter { $0.key.hasPrefix("parameters/") }.flatMap { _, dataset -> [Int] in
        switch dataset.elements {
        case .inHeader: []
        case .inFile(let range): Array(range)
        case .compressed(let chunks): chunks.flatMap { Array($0) }
        }
      }
    }

    /// Whether opening and verifying the file with one bit flipped ends in a finding or a named error.
    func isNoticed(byte: Int, bit: Int) throws -> Bool {
      var damaged = bytes
      damaged[byte] ^= 1 << UInt8(bit)
      let path = folder.file("damaged.qkz.h5")
      try TestFiles.write(damaged, to: path)
      do {
        let file = try CheckpointFile(path: path)
        return try !(file.byteFindings() + file.structureFindings()).isEmpty
      } catch is any Diagnosable {
        return true
      }
    }
  }

  private func unseen(_ sample: Sample, _ places: [Int], seed: UInt64) throws -> [String] {
    var random = RepeatableRandom(seed: seed)
    return try (0..<300).compactMap { _ in
      let byte = try #require(places.randomElement(using: &random))
      let bit = Int.random(in: 0..<8, using: &random)
      return try sample.isNoticed(byte: byte, bit: bit) ? nil : "byte \(byte) bit \(bit)"
    }
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `300 flips in tensors are all noticed`(_ layout: CheckpointLayout) throws {
    let sample = try Sample(layout)
    #expect(try unseen(sample, sample.tensorBytes, seed: 5).isEmpty)
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `300 flips in everything else are all noticed`(_ layout: CheckpointLayout) throws {
    let sample = try Sample(layout)
    let tensors = Set(sample.tensorBytes)
    let others = sample.bytes.indices.filter { !tensors.contains($0) }
    #expect(try unseen(sample, others, seed: 6).isEmpty)
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `both readers find the same in what is written`(_ layout: CheckpointLayout) throws {
    let sample = try Sample(layout)
    let file = try MappedFile(path: sample.folder.file("model.qkz.h5"))
    #expect(try LibHDF5Reader().content(of: file) == sample.content)
  }
}
