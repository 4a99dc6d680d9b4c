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
}
