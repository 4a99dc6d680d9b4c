import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import HDF5Subset
import QKFormerModel
import SpikeTensors
import TestSupport
import Testing

/// Layout `compact`.
@Suite struct CompactLayoutTests {
  private func written(_ folder: ScratchFolder, _ layout: CheckpointLayout) throws -> String {
    let path = folder.file("\(layout.rawValue).qkz.h5")
    var checkpoint = TinyModel.checkpoint()
    checkpoint.references = [Samples.reference(checkpoint.configuration)]
    checkpoint.records = Samples.records(checkpoint.configuration)
    try CheckpointWriter.write(checkpoint, to: path, layout: layout)
    return path
  }

  @Test func `both layouts hold the same model and the same elements`() throws {
    let folder = try ScratchFolder()
    let files = try CheckpointLayout.allCases.map { layout in
      let file = try CheckpointFile.open(try written(folder, layout))
      #expect(file.layout == layout)
      #expect(try file.byteFindings().isEmpty)
      return try file.checkpoint()
    }
    for (name, tensor) in files[0].parameters {
      #expect(files[1].parameters[name]?.bytes.copy() == tensor.bytes.copy(), "\(name)")
    }
    #expect(
      files[0].references[0].spikes.mapValues { $0.bytes.copy() }
        == files[1].references[0].spikes.mapValues { $0.bytes.copy() })
    let identities = try files.map { checkpoint in
      ModelIdentity(
        configuration: checkpoint.configuration, tensors: checkpoint.parameters,
        digests: try checkpoint.parameters.digests())
    }
    #expect(identities[0] == identities[1])
  }

  @Test func `the same content gives the same bytes`() throws {
    let folders = try [ScratchFolder(), ScratchFolder()]
    let files = try folders.map { try TestFiles.bytes(try written($0, .compact)) }
    #expect(files[0] == files[1])
  }

  @Test func `a flipped bit in any stored chunk is found, or changes nothing that is read`() throws
  {
    let folder = try ScratchFolder()
    let path = try written(folder, .compact)
    let bytes = try TestFiles.bytes(path)
    var random = RepeatableRandom(seed: 8)
    var unseen = 0
    let datasets = try StrictHDF5Reader().content(of: MappedFile(path: path)).datasets
    for (name, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
      guard case .compressed(let chunks) = dataset.elements else { continue }
      for chunk in chunks {
        var damaged = bytes
        damaged[Int.random(in: chunk, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
        try TestFiles.write(damaged, to: folder.file("damaged.qkz.h5"))
        let file = try CheckpointFile(path: folder.file("damaged.qkz.h5"))
        guard let finding = try file.byteFindings().first else {
          // Frames of equal bytes have bits that mean nothing; the SHA-256 of the elements holds.
          unseen += 1
          continue
        }
        #expect(finding.exitCode == 1 && finding.place.contains(" " + name), "\(finding)")
      }
    }
    #expect(unseen < 10, "\(unseen) of more than 100")
  }
}
