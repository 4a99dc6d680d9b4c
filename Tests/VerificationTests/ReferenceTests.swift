import CheckpointFormat
import Diagnostics
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles
import TestSupport
import Testing
import Verification

/// What a reference must be, and what can be judged by it.
@Suite struct ReferenceTests {
  /// Only token attention: no neuron has a state that could outlast a sample.
  private let configuration = TinyModel.configuration(mixers: [.qkta])
  private var plan: NetworkPlan { NetworkPlan(configuration) }

  private func reference(
    _ scope: NeuronScope, isIndependent: Bool = false
  ) throws -> Reference {
    let input = TinyModel.input(configuration, batch: 2)
    let batch = try InputBatch(input, for: configuration.graph, name: "input")
    let units = try engine.run(batch) { _ in SpikeRecorder() }
    return ReferenceMaker.make(
      SpikeRecorder.joined(units.map(\.observer)), logits: units.flatMap(\.logits), input: input,
      scope: scope,
      origin: .init(tool: "a test", precision: "float32", isIndependent: isIndependent),
      spikes: [:])
  }

  private var engine: any ForwardPass {
    get throws {
      let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
      return try ForwardEngine.fast.prepare(plan.graph, weights)
    }
  }

  @Test func `a scope that the model cannot have is refused when it is written`() throws {
    func write(_ scope: NeuronScope) throws {
      var checkpoint = TinyModel.checkpoint(configuration)
      checkpoint.references = [try reference(scope)]
      let folder = try ScratchFolder()
      try CheckpointWriter.write(checkpoint, to: folder.file("model.qkz.h5"))
    }
    try write(.sample)
    let findings = try #require(throws: CheckpointFindings.self) { try write(.batch) }
    #expect(findings.description.contains("expected scope `sample`, the only one of this model"))
  }

  @Test(arguments: [
    ("batch", [2, 5], "reference-origin"), ("sample", [5, 2], "reference-tensor"),
    ("sample", [10], "reference-tensor"),
  ])
  func `a foreign reference of another scope or shape is refused by name`(
    _ scope: String, _ logits: [Int], _ name: String
  ) throws {
    let folder = try ScratchFolder()
    let path = folder.file("reference.safetensors")
    let origin = #"{"version":1,"origin":{"tool":"t","precision":"p"},"scope":"\#(scope)"}"#
    try SafetensorsWriter.write(
      [
        "input": TinyModel.input(configuration, batch: 2),
        "logits": Tensor(logits, [Float](repeating: 0, count: 10)),
      ], metadata: ["qkzoo.reference": origin], to: path)
    let failure = try #require(throws: ReferenceFailure.self) {
      try ForeignReference.read(path, for: plan)
    }
    #expect(failure.name == name)
  }

  /// A code base that fires Q, K and V by one module, and has channels last in its MLP.
  @Test func `recorded modules come apart into the groups of the model`() throws {
    let configuration = JoinedFamily.configuration
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    let input = TinyModel.input(configuration, batch: 1)
    let batch = try InputBatch(input, for: plan.graph, name: "input")
    let engine = try ForwardEngine.reference.prepare(plan.graph, weights)
    let units = try engine.run(batch) { _ in SpikeRecorder(keepsTrains: true) }
    let groups = try #require(units.first).observer.groups
    func spikes(_ path: String) throws -> SpikeTrain {
      try #require(groups.first { $0.neurons.path == path }?.train)
    }
    /// Neurons one after the other, each from a train and its own place there.
    func packed(_ neurons: [(SpikeTrain, Int)]) -> Tensor {
      var train = SpikeTrain(timeSteps: 2, batch: 1, neurons: neurons.count)
      for t in 0..<2 {
        for (index, (source, place)) in neurons.enumerated() {
          train[t, 0, index] = source[t, 0, place]
        }
      }
      return Tensor([2, 1, train.bytesPerStep], train.bytes)
    }
    let parts = try ["q", "k", "v"].map { try spikes("attention/\($0)/lif") }
    let (attention, mlp) = (try spikes("attention/lif"), try spikes("mlp/lif"))
    for train in parts + [attention, mlp] {
      #expect(train.count(0, 0) + train.count(1, 0) > 0)
    }
    let folder = try ScratchFolder()
    let path = folder.file("reference.safetensors")
    try SafetensorsWriter.write(
      [
        "input": input, "logits": Tensor([1, 3], units.flatMap(\.logits).flatMap { $0 }),
        "spikes/attn.qkv_lif": packed(parts.flatMap { part in (0..<128).map { (part, $0) } }),
        "spikes/attn.lif": packed((0..<128).map { (attention, $0) }),
        // 16 channels, 16 positions: position by position.
        "spikes/mlp_lif": packed((0..<256).map { (mlp, $0 % 16 * 16 + $0 / 16) }),
      ],
      metadata: [
        "qkzoo.reference":
          #"{"version":1,"origin":{"tool":"t","precision":"p"},"scope":"sample"}"#
      ], to: path)
    let reference = try ForeignReference.read(path, for: plan)
    for group in groups {
      let tensor = try #require(reference.spikes[group.neurons.path])
      #expect(tensor.bytes.copy() == group.train?.bytes, "\(group.neurons.path)")
    }
    #expect(try BehaviourCheck(engine, at: "model").judge(reference).isIndependent)
  }

  @Test func `counts that differ without their spikes are not judged`() throws {
    var reference = try reference(.sample, isIndependent: true)
    let check = BehaviourCheck(try engine, at: "model")
    #expect(try check.judge(reference).isIndependent)
    let counts = try reference.spikeCounts.integers(name: "counts").map { UInt64($0) + 1 }
    reference.spikeCounts = try Tensor(
      .u64, reference.spikeCounts.shape,
      .init(
        counts.flatMap { count in (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }),
      name: "counts")
    let verdict = try check.judge(reference)
    #expect(!verdict.isJudged && !verdict.isIndependent && !verdict.isRefuted)
    #expect(verdict.detail.contains("counts differ, the logits agree"), "\(verdict.detail)")
  }
}
