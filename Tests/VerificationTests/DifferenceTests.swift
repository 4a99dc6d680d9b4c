import CheckpointFormat
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing
import Verification

/// Two models side by side.
@Suite struct DifferenceTests {
  private let model = TinyModel.checkpoint()

  private func changed(
    _ path: String, _ edit: (inout [Float]) -> Void
  ) throws -> Checkpoint {
    var copy = model
    let tensor = try #require(model.parameters[path])
    var values = try tensor.floats(name: path)
    edit(&values)
    copy.parameters[path] = Tensor(tensor.shape, values)
    return copy
  }

  @Test func `a model does not differ from itself`() throws {
    #expect(try ModelDifference.tensors(model, model).isEmpty)
  }

  @Test func `values are counted and measured`() throws {
    let path = "stage1/block0/mlp/contraction/conv/bias"
    let other = try changed(path) { values in
      values[0] = 0.5
      values[1] = 4
    }
    let first = try changed(path) { values in
      values[0] = 0.25
      values[1] = 2
    }
    let found = try ModelDifference.tensors(first, other)
    #expect(found.map(\.path) == [path])
    guard case .values(let values) = found.first?.kind else {
      Issue.record("\(found)")
      return
    }
    #expect(values.count == 16 && values.equal == 14 && values.share == 14.0 / 16)
    #expect(values.largest == 2 && values.largestRelative == 0.5)
  }

  @Test func `signs of zero and kinds of NaN are no other value; infinities have no distance`()
    throws
  {
    let path = "head/bias"
    let zero = try changed(path) {
      $0[0] = 0
      $0[1] = .nan
    }
    let other = try changed(path) {
      $0[0] = -0.0
      $0[1] = Float(bitPattern: 0xFFC0_0001)
    }
    guard case .values(let same) = try ModelDifference.tensors(zero, other).first?.kind else {
      Issue.record("bits differ")
      return
    }
    #expect(same.equal == same.count && same.largest == 0)
    let infinite = try changed(path) {
      $0[0] = .infinity
      $0[1] = .nan
    }
    guard case .values(let values) = try ModelDifference.tensors(zero, infinite).first?.kind else {
      Issue.record("values differ")
      return
    }
    #expect(values.equal == values.count - 1 && values.largest == nil)
  }

  @Test func `missing tensors and other shapes are listed for both sides`() throws {
    var configuration = TinyModel.configuration(blocks: 2)
    configuration.qkformer.stages[1].mlpRatio = 3
    let larger = TinyModel.checkpoint(configuration)
    let found = try ModelDifference.tensors(model, larger)
    let kinds = Dictionary(uniqueKeysWithValues: found.map { ($0.path, $0.kind) })
    #expect(kinds["stage1/block1/attention/q/conv/weight"] == .missingInFirst)
    #expect(kinds["stage2/block0/mlp/expansion/conv/weight"] == .shape)
    let back = try ModelDifference.tensors(larger, model)
    #expect(back.count == found.count)
    #expect(
      back.filter { $0.kind == .missingInSecond }.count
        == found.filter { $0.kind == .missingInFirst }.count)
  }

  @Test func `other element types are compared by value`() throws {
    var wide = model
    let bias = try #require(model.parameters["head/bias"]).floats(name: "head/bias")
    let bytes = bias.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: Double(value).bitPattern >> (8 * $0)) }
    }
    wide.parameters["head/bias"] = try Tensor(.f64, [bias.count], .init(bytes), name: "head/bias")
    let found = try #require(try ModelDifference.tensors(model, wide).first)
    #expect(found.first == "f32 [5]" && found.second == "f64 [5]")
    guard case .values(let values) = found.kind else {
      Issue.record("\(found)")
      return
    }
    #expect(values.share == 1)
  }

  private func compare(_ first: Checkpoint, _ second: Checkpoint) throws -> BehaviourDifference {
    let engines = try [first, second].map { checkpoint -> any ForwardPass in
      try ForwardEngine.fast.prepare(
        checkpoint.graph, ModelWeights(checkpoint.graph, parameters: checkpoint.parameters))
    }
    let input = try InputBatch(
      TinyModel.input(model.configuration, batch: 2), for: model.configuration.graph, name: "random"
    )
    return try BehaviourDifference.compare((engines[0], engines[1]), on: (input, input))
  }

  @Test func `the first layer whose spikes differ is the one whose weights do`() throws {
    #expect(try compare(model, model).isNone)
    let path = "stage1/block0/mlp/expansion/bn/bias"
    let other = try changed(path) { $0[3] += 3 }
    let found = try compare(model, other)
    #expect(found.first?.path == "stage1/block0/mlp/expansion/lif")
    #expect(found.groups.all == model.plan.neurons.count)
    #expect(found.groups.differing > 1 && !found.isNone)
    // The classifier has no spikes.
    let head = try compare(model, try changed("head/bias") { $0[0] += 1 })
    let distance = try #require(head.largestLogit)
    #expect(head.first == nil && (distance - 1).magnitude < 1e-4 && !head.isNone)
  }

  @Test func `other layers or steps cannot be compared`() {
    var longer = model.configuration
    longer.timeSteps += 1
    let size = model.plan.nominalSize
    #expect(model.plan.graph.hasSameNeurons(as: model.plan.graph, for: size))
    #expect(!model.plan.graph.hasSameNeurons(as: longer.graph, for: size))
    let deeper = TinyModel.configuration(blocks: 2).graph
    #expect(!model.plan.graph.hasSameNeurons(as: deeper, for: size))
  }
}
