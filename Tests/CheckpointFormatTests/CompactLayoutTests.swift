import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import HDF5Subset
import SpikeTensors
import SpikingModels
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

  @Test func `a tensor with a row that is too large for a frame stays raw`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("large.qkz.h5")
    var checkpoint = TinyModel.checkpoint()
    let configuration = checkpoint.configuration
    let side = 6_000
    let shape = [1, configuration.input.channels, side, side]
    let groups = checkpoint.plan.neurons.count * configuration.timeSteps
    checkpoint.references = [
      Reference(
        origin: .init(tool: "a pencil", precision: "exact", isIndependent: true), scope: .sample,
        input: Tensor(shape, [Float](repeating: 0.5, count: shape.reduce(1, *))),
        logits: Tensor(
          [1, configuration.classes], [Float](repeating: 0, count: configuration.classes)),
        spikeCounts: Tensor(
          [checkpoint.plan.neurons.count, configuration.timeSteps, 1],
          [UInt64](repeating: 0, count: groups)),
        spikeDigests: Tensor(
          [checkpoint.plan.neurons.count, configuration.timeSteps, 1, 32],
          [UInt8](repeating: 0, count: groups * 32)), spikes: [:])
    ]
    try CheckpointWriter.write(checkpoint, to: path, layout: .compact)
    let file = try CheckpointFile.openVerified(path)
    #expect(file.layout == .compact)
    #expect(try file.checkpoint().references.first?.input.shape == shape)
  }

  @Test func `the same content gives the same bytes`() throws {
    let folders = try [ScratchFolder(), ScratchFolder()]
    let files = try folders.map { try TestFiles.bytes(try written($0, .compact)) }
    #expect(files[0] == files[1])
  }
}
