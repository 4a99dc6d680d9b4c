import CheckpointFormat
import Conversion
import Diagnostics
import FileAccess
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Parts as NIR graphs. What is in the files is checked with `nir` by Tests/Peers/test_nir.py.
@Suite struct NIRExportTests {
  private static let models = [
    TinyModel.configuration(.imagenet), TinyModel.configuration(.cifar, mixers: [.qkca, .ssa]),
    TinyModel.configuration(.dvs), TinyModel.membrane(.imagenet),
    TinyModel.membrane(.cifar, ratio: 1),
    TinyModel.membrane(.dvs, readout: .headThenMean),
  ]

  @Test(arguments: models)
  func `a part is written, or refused by the node and the reason that are listed`(
    _ configuration: ModelConfiguration
  ) throws {
    let checkpoint = TinyModel.checkpoint(configuration)
    let folder = try ScratchFolder()
    let parts = checkpoint.graph.nirParts
    #expect(Set(parts.map(\.path)).count == parts.count)
    for part in parts {
      let path = folder.file("part.nir")
      guard let obstacle = part.obstacle else {
        let summary = try NIRExport.write(checkpoint, part, to: path)
        #expect(summary.nodes >= 3 && summary.edges >= summary.nodes - 1)
        #expect(summary.bytes == (try Files.stamp(of: path)).size)
        Files.remove(path)
        continue
      }
      #expect {
        try NIRExport.write(checkpoint, part, to: path)
      } throws: { error in
        let failure = error as? ExportFailure
        return failure?.code == .inexpressible && failure?.place == obstacle.node
          && failure?.found == obstacle.reason
      }
      #expect(!Files.exists(path))
    }
  }

  @Test func `pooling, products and what holds them stand in the way`() throws {
    let plan = NetworkPlan(TinyModel.configuration(.imagenet))
    let obstacles = Dictionary(
      uniqueKeysWithValues: plan.graph.nirParts.map { ($0.path, $0.obstacle?.node) })
    let pool = "stage1/speds/unit0/pool"
    for path in ["model", "stage1", "stage1/speds", "stage1/speds/unit0"] {
      #expect(obstacles[path] == pool)
    }
    for block in ["stage1/block0", "stage2/block0"] {
      #expect(obstacles[block] == "\(block)/attention")
      #expect(obstacles["\(block)/attention"] == "\(block)/attention")
      for part in ["attention/q", "attention/projection", "mlp", "mlp/expansion"] {
        #expect(obstacles["\(block)/\(part)"] == .some(nil))
      }
    }
    #expect(obstacles["head"] == .some(nil))
  }

  @Test func `an embedding without pooling is one graph`() throws {
    let plan = NetworkPlan(TinyModel.configuration(.cifar))
    let part = try #require(plan.graph.nirParts.first { $0.path == "stage1/speds" })
    #expect(part.obstacle == nil)
    let folder = try ScratchFolder()
    let summary = try NIRExport.write(
      TinyModel.checkpoint(plan.configuration), part, to: folder.file("a.nir"))
    // Input, three convolutions with their neurons, output; the sum is two edges into the output.
    #expect((summary.nodes, summary.edges) == (8, 8))
  }

  @Test func `weights that cannot be run are not exported`() throws {
    let folder = try ScratchFolder()
    var checkpoint = TinyModel.checkpoint()
    let path = try #require(
      checkpoint.parameters.keys.sorted().first { $0.hasSuffix("running_var") })
    let shape = try #require(checkpoint.parameters[path]?.shape)
    checkpoint.parameters[path] = Tensor(shape, [Float](repeating: -1, count: shape[0]))
    let part = try #require(checkpoint.graph.nirParts.first { $0.obstacle == nil })
    let onnx = try Refusal.of { _ = try ONNXExport.write(checkpoint, to: folder.file("m.onnx")) }
    let nir = try Refusal.of { _ = try NIRExport.write(checkpoint, part, to: folder.file("m.nir")) }
    #expect(onnx?.name == "variance-not-positive" && nir?.name == "variance-not-positive")
  }
}
