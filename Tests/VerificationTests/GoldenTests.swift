import CheckpointFormat
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing
import Verification

/// Both engines against the released code.
@Suite struct GoldenTests {
  typealias Scope = NeuronScope

  static let cases = Golden.allNames.flatMap { name in
    (Golden.names.contains(name) ? [Scope.sample, .batch] : [.sample]).flatMap { scope in
      ForwardEngine.allCases.map { (name, scope, $0) }
    }
  }

  static let steadyCases = cases.filter { $0.0 != "cifar-tiny-borderline" }

  private func engine(
    _ golden: Golden, _ scope: Scope, _ engine: ForwardEngine = .fast
  ) throws -> any ForwardPass {
    let plan = NetworkPlan(golden.configuration(scope))
    return try engine.prepare(
      plan.graph, ModelWeights(plan.graph, parameters: golden.checkpoint.parameters))
  }

  /// PyTorch's record as a reference that this software can judge.
  private func reference(_ golden: Golden, _ scope: Scope) throws -> Reference {
    let plan = NetworkPlan(golden.configuration(scope))
    var spikes: [String: Tensor] = [:]
    let groups = try plan.neurons.map { group in
      let train = try golden.train(group, scope)
      spikes[group.path] = Tensor(
        [train.timeSteps, train.batch, train.bytesPerStep], train.bytes)
      return SpikeRecorder.record(group, train, keepsTrain: false)
    }
    let classes = plan.configuration.classes
    let logits = try golden.logits(scope).floats(name: "logits")
    return ReferenceMaker.make(
      groups,
      logits: stride(from: 0, to: logits.count, by: classes).map {
        Array(logits[$0..<$0 + classes])
      }, input: try golden.input, scope: scope,
      origin: .init(tool: "PyTorch 2.4.1", precision: "float32", isIndependent: true),
      spikes: spikes)
  }

  @Test(arguments: cases)
  func `every neuron group of every set passes the replay rule`(
    _ name: String, _ scope: Scope, _ kind: ForwardEngine
  ) throws {
    let golden = try Golden(name)
    let check = BehaviourCheck(try engine(golden, scope, kind), at: name)
    let reference = try reference(golden, scope)
    let verdict = try check.replay(
      reference, InputBatch(reference.input, for: golden.configuration(scope).graph, name: name))
    #expect(verdict.isIndependent, "\(verdict)")
  }

  @Test(arguments: steadyCases)
  func `spikes are equal and logits within 1e-4`(
    _ name: String, _ scope: Scope, _ kind: ForwardEngine
  ) throws {
    let golden = try Golden(name)
    let verdict = try BehaviourCheck(try engine(golden, scope, kind), at: name)
      .judge(try reference(golden, scope))
    #expect(verdict.words == "confirmed by PyTorch 2.4.1")
    #expect(verdict.detail.hasPrefix("every spike equal"), "\(verdict)")
  }

  @Test(arguments: steadyCases)
  func `counts by layer and step are those that PyTorch printed`(
    _ name: String, _ scope: Scope, _ kind: ForwardEngine
  ) throws {
    let golden = try Golden(name)
    let engine = try engine(golden, scope, kind)
    let input = try InputBatch(try golden.input, for: golden.configuration(scope).graph, name: name)
    let units = try engine.run(input) { _ in SpikeRecorder() }
    for group in SpikeRecorder.joined(units.map(\.observer)) {
      if scope == .sample {
        for sample in 0..<input.batch {
          #expect(
            group.counts.map { $0[sample] } == golden.counts(group.neurons, sample: sample),
            "\(group.neurons.path) sample \(sample)")
        }
      } else {
        let flat = group.counts.flatMap { $0 }
        let perStep = group.counts.map { $0.reduce(0, +) }
        let recorded = golden.counts(group.neurons, sample: nil)
        let isFlat = group.neurons.role == .selfAttentionProjection
        #expect((isFlat ? flat : perStep) == recorded, "\(group.neurons.path)")
      }
    }
  }

  @Test(arguments: [Scope.sample, .batch])
  func `on the borderline set a free run leaves PyTorch's path`(_ scope: Scope) throws {
    let golden = try Golden("cifar-tiny-borderline")
    let engine = try engine(golden, scope)
    let input = try InputBatch(
      try golden.input, for: golden.configuration(scope).graph, name: "free")
    let units = try engine.run(input) { _ in NoObserver() }
    let recorded = try golden.logits(scope).floats(name: "logits")
    let distance =
      zip(units.flatMap { $0.logits.flatMap { $0 } }, recorded)
      .map { ($0 - $1).magnitude }.max() ?? 0
    #expect(distance > 0.05)
    let verdict = try BehaviourCheck(engine, at: "free").judge(try reference(golden, scope))
    #expect(verdict.detail.hasPrefix("by replay"), "\(verdict)")
  }

  @Test func `a spike that was moved is refuted by name`() throws {
    let golden = try Golden("imagenet-tiny")
    var reference = try reference(golden, .sample)
    let path = "stage2/block1/mlp/expansion/lif"
    let tensor = try #require(reference.spikes[path])
    var bytes = tensor.bytes.copy()
    bytes[5] ^= 0x10
    reference.spikes[path] = Tensor(tensor.shape, bytes)
    // The record's own counts disagree with its spikes: a careless forger.
    let check = BehaviourCheck(try engine(golden, .sample), at: "forged")
    #expect(try check.judge(reference).isRefuted)
    // With counts and digests made anew the replay rule sees it.
    let groups = try NetworkPlan(golden.configuration(.sample)).neurons.map { group in
      let spikes = try #require(reference.spikes[group.path])
      let train = try ForeignReference.train(
        spikes, neurons: group.count, steps: 4, batch: 4, at: "forged")
      return SpikeRecorder.record(group, train, keepsTrain: false)
    }
    let logits = try golden.logits(.sample).floats(name: "logits")
    let consistent = ReferenceMaker.make(
      groups, logits: (0..<4).map { Array(logits[$0 * 10..<$0 * 10 + 10]) },
      input: try golden.input, scope: .sample, origin: reference.origin,
      spikes: reference.spikes)
    let verdict = try check.judge(consistent)
    guard case .refuted(_, let findings) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    #expect(findings.contains { $0.place == "forged \(path)" })
  }
}
