import CheckpointFormat
import Datasets
import Diagnostics
import Evaluation
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Measures on a dataset.
@Suite struct EvaluationTests {
  private static let digits = TestFiles.package + "/zoo/entries/qkformer-digits"

  private func engine(_ entry: String) throws -> ReferenceForward {
    let path = TestFiles.package + "/zoo/entries/\(entry)/\(entry).qkz.h5"
    let checkpoint = try CheckpointFile.open(path).checkpoint()
    return try ReferenceForward(
      checkpoint.graph, ModelWeights(checkpoint.graph, parameters: checkpoint.parameters))
  }

  private func samples() throws -> LabelledSamples {
    try LabelledSamples(path: Self.digits + "/digits-test.safetensors")
  }

  @Test func `the test split is 360 real digits in class order`() throws {
    let data = try samples()
    #expect(data.name == "digits-test" && data.count == 360)
    #expect(data.labels == data.labels.sorted() && Set(data.labels).count == 10)
    let values = try data.images.floats(name: "images")
    #expect(values.min() == 0 && values.max() == 1 && values.contains(0.0625))
  }

  @Test func `samples read one by one are those of the file`() throws {
    let data = try samples()
    let loader = SampleLoader(try data.dataset(), nil)
    let order = [359, 0, 77]
    let batch = try loader.batch(order)
    #expect(batch.labels == order.map { data.labels[$0] } && batch.input.shape == [3, 1, 8, 8])
    let values = try data.images.floats(name: "images")
    #expect(
      try batch.input.floats(name: "batch") == order.flatMap { values[$0 * 64..<($0 + 1) * 64] })
  }

  @Test func `a model of event frames takes no pictures`() throws {
    var configuration = TinyModel.configuration()
    configuration.input.coding = .eventFrames
    #expect(
      try Refusal.of { _ = try PicturePreprocessing(for: configuration, at: "x") }
        == Refusal(name: "evaluation-data-does-not-fit", exitCode: 65))
  }

  @Test func `the most likely classes come first, the first of equals before the others`() {
    let best = Classification.best(3, of: [0, 2, 1, 2])
    #expect(best.map(\.label) == [1, 3, 2] && best.map(\.logit) == [2, 2, 1])
    let all = Classification.best(9, of: [-1000, 1000])
    #expect(all.map(\.probability) == [1, 0])
  }

  @Test(arguments: ["qkformer-digits", "qkformer-digits-batch"])
  func `a model gives PyTorch's answers and spikes, and reaches 95 percent`(
    _ entry: String
  ) throws {
    let path = TestFiles.package + "/zoo/entries/\(entry)/\(entry).qkz.h5"
    let checkpoint = try CheckpointFile.open(path).checkpoint()
    let evaluation = try SplitEvaluation(try engine(entry), try samples())
    #expect(Double(evaluation.correct) / 360 >= 0.95)
    let check = RecordCheck(evaluation, with: checkpoint.records, at: entry)
    #expect(check.lines.count == 4, "accuracy and spikes, by PyTorch and by qkzoo")
    #expect(check.findings.isEmpty, "\(check.findings)")
  }

  @Test(arguments: [
    ("qkformer-mnist5k", "mnist5k", 0.96), ("qkformer-digits-dvs", "digits-dvs", 0.9),
  ])
  func `the fast engine gives PyTorch's answers and spikes in the other families`(
    _ entry: String, _ dataset: String, _ least: Double
  ) throws {
    let folder = TestFiles.package + "/zoo/entries/\(entry)"
    let checkpoint = try CheckpointFile.open("\(folder)/\(entry).qkz.h5").checkpoint()
    let engine = try ForwardEngine.fast.prepare(
      checkpoint.graph, ModelWeights(checkpoint.graph, parameters: checkpoint.parameters))
    let samples = try LabelledSamples(path: "\(folder)/\(dataset)-test.safetensors")
    let evaluation = try SplitEvaluation(engine, samples)
    #expect(Double(evaluation.correct) / Double(samples.count) >= least)
    let check = RecordCheck(evaluation, with: checkpoint.records, at: entry)
    #expect(check.lines.count == 4, "accuracy and spikes, by PyTorch and by qkzoo")
    #expect(check.findings.isEmpty, "\(check.findings)")
  }

  @Test func `a record that is off by one is found`() throws {
    let evaluation = try SplitEvaluation(try engine("qkformer-digits"), try samples())
    var records = evaluation.records
    #expect(RecordCheck(evaluation, with: records, at: "x").findings.isEmpty)
    records.accuracy[0].correct -= 1
    #expect(RecordCheck(evaluation, with: records, at: "x").findings.count == 1)
    records = evaluation.records
    records.accuracy[0].answers?[7] += 1
    #expect(RecordCheck(evaluation, with: records, at: "x").findings.count == 1)
    records = evaluation.records
    records.firing[0].spikes["stage3/block1/mlp/expansion/lif"]?[2] += 1
    #expect(
      RecordCheck(evaluation, with: records, at: "x").findings.map(\.place) == [
        "x stage3/block1/mlp/expansion/lif on digits-test"
      ])
  }

  @Test func `another tool's counts that differ refute nothing, and its answers do`() throws {
    let evaluation = try SplitEvaluation(try engine("qkformer-digits"), try samples())
    var records = evaluation.records
    records.firing[0].by = "PyTorch"
    let lines = RecordCheck(evaluation, with: records, at: "x").lines
    #expect(lines.filter { !$0.isComparable }.isEmpty)
    records.firing[0].spikes["stage3/block1/mlp/expansion/lif"]?[2] += 3
    let check = RecordCheck(evaluation, with: records, at: "x")
    #expect(check.findings.isEmpty && check.lines.map(\.isComparable) == [true, false])
    #expect(
      check.lines[1].detail
        == "not comparable: spikes by step equal in 34 of 35 groups, else off by 3 at most")
    records.accuracy[0].by = "PyTorch"
    records.accuracy[0].answers?[7] += 1
    #expect(RecordCheck(evaluation, with: records, at: "x").findings.count == 1)
  }

  /// The engine of an entry in a scope.
  private func engine(
    _ entry: String, _ scope: NeuronScope
  ) throws -> any ForwardPass {
    let path = TestFiles.package + "/zoo/entries/\(entry)/\(entry).qkz.h5"
    let checkpoint = try CheckpointFile.open(path).checkpoint()
    var configuration = checkpoint.configuration
    configuration.scope = scope
    let plan = NetworkPlan(configuration)
    return try ForwardEngine.fast.prepare(
      plan.graph, ModelWeights(plan.graph, parameters: checkpoint.parameters), threads: 1)
  }

  @Test func `the batch leak changes logits, and shuffling does not change what is measured alone`()
    throws
  {
    let loader = SampleLoader(try samples().dataset(), nil)
    let folder = try ScratchFolder()
    let effect = try BatchEffect(
      alone: engine("qkformer-digits-batch", .sample),
      batched: engine("qkformer-digits-batch", .batch), loader, batchSize: 32, seed: 0,
      scratch: folder.path)
    #expect(effect.comparisons.count == 2 && effect.count == 360)
    #expect(effect.comparisons.allSatisfy { $0.changedLogits > 100 && $0.meanChange > 0 })
    #expect(try folder.names().isEmpty)
    let recorded = try SplitEvaluation(
      engine("qkformer-digits-batch", .batch), loader, batchSize: 32)
    #expect(effect.comparisons[0].correct == recorded.correct)
    // A model whose state stays within the sample shows no effect at all.
    let clean = try BatchEffect(
      alone: engine("qkformer-digits", .sample), batched: engine("qkformer-digits", .sample),
      loader, batchSize: 32, seed: 0, scratch: folder.path)
    #expect(clean.comparisons.allSatisfy { $0.changedLogits == 0 && $0.includesZero })
  }

  @Test func `a shuffled order holds every sample once`() {
    let order = Shuffle.order(count: 1_000, seed: 9)
    #expect(order != Array(0..<1_000) && order.sorted() == Array(0..<1_000))
    #expect(order == Shuffle.order(count: 1_000, seed: 9))
    #expect(order != Shuffle.order(count: 1_000, seed: 10))
  }

  @Test func `activity adds up over samples`() throws {
    let configuration = TinyModel.configuration()
    let plan = NetworkPlan(configuration)
    let engine = try ReferenceForward(
      plan.graph, ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration)))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 4), for: configuration.graph, name: "input")
    let alone = ActivityCounter.total(
      try engine.run(input) { _ in ActivityCounter() }.map(\.observer))
    var together = ActivityCounter()
    _ = try engine.logits(of: input, observer: &together)
    #expect(alone.samples == 4 && together.samples == 4)
    #expect(alone.spikes == together.spikes)
    #expect(alone.inputs == together.inputs)
    #expect(alone.inputs.count == plan.graph.countingConvolutions.count)
  }

  @Test func `an estimate is the sum of its layers`() throws {
    // One input count of 2 everywhere: the paper charges it twice, strict counts a full layer.
    let configuration = TinyModel.configuration(mixers: [.qkta])
    let plan = NetworkPlan(configuration)
    var counter = ActivityCounter()
    for unit in plan.graph.countingConvolutions {
      let map = SpikeCountMap(
        repeating: 2, timeSteps: 3, batch: 1, size: .init(height: 2, width: 2),
        channels: unit.inputShape.channels)
      counter.convolution(unit, input: map)
    }
    let layers = plan.operations(for: plan.nominalSize)
    let first = Double(layers[0].accumulates)
    let rest = Double(layers.filter { $0.kind == .convolution }.reduce(0) { $0 + $1.accumulates })
    let head = Double(layers[layers.count - 1].accumulates)
    let paper = EnergyEstimate(.paper, graph: plan.graph, activity: counter)
    #expect(paper.accumulates == rest * 3 * 2 && paper.multiplyAccumulates == first)
    let strict = EnergyEstimate(.strict, graph: plan.graph, activity: counter)
    #expect(strict.accumulates == 0 && strict.multiplyAccumulates == first * 3 + rest * 3 + head)
    #expect(paper.millijoules == (rest * 6 * 0.9 + first * 4.6) * 1e-9)
  }
}
