import CheckpointFormat
import Concurrency
import Diagnostics
import FileAccess
import Foundation
import HDF5Oracle
import HDF5Subset
import SpikeTensors
import TestSupport
import Testing

/// One flipped bit, anywhere in a file, is never unseen, whether the checksum above it is made right again
/// or not.
@Suite struct FlippedBitTests {
  /// A checkpoint with a reference and records, and what the strict reader finds in it.
  private struct Sample: Sendable {
    let folder: ScratchFolder
    let file: SealedFile
    let content: HDF5Content

    init(_ layout: CheckpointLayout) throws {
      folder = try ScratchFolder()
      let path = folder.file("model.qkz.h5")
      var checkpoint = TinyModel.checkpoint(TinyModel.configuration(mixers: [.ssa]))
      // A chunk of zeros looks like any place where nothing is.
      for (path, tensor) in checkpoint.parameters where path.hasSuffix("conv/bias") {
        checkpoint.parameters[path] = Tensor(
          tensor.shape, [Float](repeating: 0, count: tensor.count))
      }
      checkpoint.references = [Samples.reference(checkpoint.configuration)]
      checkpoint.records = Samples.records(checkpoint.configuration)
      try CheckpointWriter.write(checkpoint, to: path, layout: layout)
      file = SealedFile(try TestFiles.bytes(path))
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

    /// Whether opening and verifying damaged bytes ends in a finding or a named error.
    func isNoticed(_ damaged: [UInt8], _ name: Int) throws -> Bool {
      let path = folder.file("damaged-\(name).qkz.h5")
      try TestFiles.write(damaged, to: path)
      defer { try? FileManager.default.removeItem(atPath: path) }
      do {
        let file = try CheckpointFile(path: path)
        return try !(file.byteFindings() + file.structureFindings()).isEmpty
      } catch is any Diagnosable {
        return true
      }
    }
  }

  /// With this environment variable every bit of the file is flipped, which takes an hour.
  private static let isExhaustive = ProcessInfo.processInfo.environment["QKZOO_EVERY_BIT"] != nil

  /// The flips that nobody notices: of some bits at random places, or of every bit there.
  private func unseen(_ sample: Sample, _ places: [Int], count: Int, seed: UInt64) throws
    -> [String]
  {
    var random = RepeatableRandom(seed: seed)
    let bits =
      Self.isExhaustive
      ? places.flatMap { byte in (0..<8).map { (byte: byte, bit: $0) } }
      : (0..<count).map { _ in
        (
          byte: places[Int.random(in: places.indices, using: &random)],
          bit: Int.random(in: 0..<8, using: &random)
        )
      }
    return try bits.enumerated().map { $0 }.concurrentMap { index, place in
      let damaged = sample.file.flipping(bit: place.bit, ofByte: place.byte)
      let isNoticed = try sample.isNoticed(damaged, index)
      return isNoticed ? nil : "byte \(place.byte) bit \(place.bit)"
    }.compactMap { $0 }
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `flips in tensors are all noticed`(_ layout: CheckpointLayout) throws {
    let sample = try Sample(layout)
    #expect(try unseen(sample, sample.tensorBytes, count: 300, seed: 5).isEmpty)
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `flips below repaired checksums of structure are all noticed`(
    _ layout: CheckpointLayout
  ) throws {
    let sample = try Sample(layout)
    #expect(sample.file.blocks.count > 100)
    let places = sample.file.blocks.flatMap { Array($0) }
    #expect(try unseen(sample, places, count: 600, seed: 7).isEmpty)
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `flips in everything else are all noticed`(_ layout: CheckpointLayout) throws {
    let sample = try Sample(layout)
    let known = Set(sample.tensorBytes + sample.file.blocks.flatMap { Array($0) })
    let others = sample.file.bytes.indices.filter { !known.contains($0) }
    #expect(try unseen(sample, others, count: 300, seed: 6).isEmpty)
  }

  @Test func `flips below repaired checksums of chunks are all noticed`() throws {
    let sample = try Sample(.mapped)
    // Of the manifest there is no digest, and what it says of origins is a claim.
    let chunks = sample.content.datasets.filter { $0.key != "manifest" }.values.compactMap {
      dataset in
      if case .inFile(let range) = dataset.elements { range } else { nil }
    }.sorted { $0.lowerBound < $1.lowerBound }
    var random = RepeatableRandom(seed: 8)
    for index in 0..<200 {
      let chunk = chunks[Int.random(in: chunks.indices, using: &random)]
      var elements = Array(sample.file.bytes[chunk.dropLast(Fletcher32.byteCount)])
      let place = Int.random(in: elements.indices, using: &random)
      elements[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      var damaged = sample.file.bytes
      damaged.replaceSubrange(chunk, with: Fletcher32.stored(with: elements.span.bytes))
      #expect(try sample.isNoticed(damaged, index), "byte \(chunk.lowerBound + place)")
    }
  }

  @Test(arguments: CheckpointLayout.allCases)
  func `both readers find the same in what is written`(_ layout: CheckpointLayout) throws {
    let sample = try Sample(layout)
    let file = try MappedFile(path: sample.folder.file("model.qkz.h5"))
    #expect(try LibHDF5Reader().content(of: file) == sample.content)
  }
}
