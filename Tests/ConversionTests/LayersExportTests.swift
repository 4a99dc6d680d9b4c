import CheckpointFormat
import Conversion
import FileAccess
import Foundation
import SpikeTensors
import SpikingModels
import TensorFiles
import TestSupport
import Testing

/// The folder of layers.
@Suite struct LayersExportTests {
  private func write(_ checkpoint: Checkpoint, to path: String) throws -> LayersExport.Summary {
    try LayersExport.write(
      checkpoint, as: checkpoint.configuration,
      size: NetworkPlan(checkpoint.configuration).nominalSize, foldsNorm: true, nil, to: path)
  }

  private func contents(_ folder: String) throws -> [String: [UInt8]] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    let files = names.filter { !Files.isDirectory(folder + "/" + $0) }
    return Dictionary(
      uniqueKeysWithValues: try files.map { ($0, try TestFiles.bytes(folder + "/" + $0)) })
  }

  @Test func `the same model gives the same files`() throws {
    let folder = try ScratchFolder()
    let checkpoint = TinyModel.checkpoint()
    let first = try write(checkpoint, to: folder.file("a"))
    _ = try write(checkpoint, to: folder.file("b/"))
    let files = try contents(folder.file("a"))
    #expect(try contents(folder.file("b")) == files)
    #expect(files.count == first.files && files.values.reduce(0) { $0 + $1.count } == first.bytes)
    #expect(try folder.names() == ["a", "b"])
  }

  @Test func `weights are those of the checkpoint`() throws {
    let folder = try ScratchFolder()
    let checkpoint = TinyModel.checkpoint()
    _ = try write(checkpoint, to: folder.file("a"))
    for unit in checkpoint.graph.convolutions {
      let path = folder.file("a/\(unit.path)/weight.npy")
      let written = try TensorSource.read(path)
      let stored = try #require(checkpoint.parameters["\(unit.path)/conv/weight"])
      #expect(written.shape == stored.shape && written.bytes.equals(stored.bytes), "\(unit.path)")
    }
  }

  @Test func `what fails half-way leaves nothing`() throws {
    struct Stop: Error {}
    let folder = try ScratchFolder()
    #expect(throws: Stop.self) {
      try AtomicFolder.create(folder.file("x")) { folder in
        try folder.write([1, 2, 3], to: "a/b/c")
        throw Stop()
      }
    }
    #expect(try folder.names().isEmpty)
  }
}
