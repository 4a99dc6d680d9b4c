import CanonicalJSON
import CheckpointFormat
import Datasets
import Diagnostics
import Evaluation
import FileAccess
import Foundation
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Evaluations into folders: resumed, cut, merged and refused.
@Suite struct EvaluationRunTests {
  private func bytes(_ folder: String) throws -> [[UInt8]] {
    try TinyEvaluation.bytes(folder)
  }

  private func refusal(_ body: () throws -> Void) throws -> String? {
    try Refusal.of(body)?.name
  }

  @Test func `a batch has the activity that an observer of elements counts`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let result = try subject.run(into: folder.file("a"))
    #expect(result.isComplete && result.isWholeSplit && result.samples.count == 23)
    #expect(result.batches.map(\.samples) == [4, 4, 4, 4, 4, 3])
    var configuration = subject.checkpoint.configuration
    configuration.scope = .batch
    let plan = NetworkPlan(configuration)
    let engine = try ReferenceForward(
      plan.graph, ModelWeights(plan.graph, parameters: subject.checkpoint.parameters))
    let input = try SampleLoader(subject.dataset, nil).batch(Array(0..<23)).input
    let units = try engine.run(
      InputBatch(input, for: configuration.graph, name: "x"), batchSize: 4
    ) { _ in ActivityCounter() }
    let expected = ActivityCounter.total(units.map(\.observer))
    #expect(result.activity.spikes == expected.spikes)
    #expect(result.activity.inputs == expected.inputs)
    #expect(result.activity.samples == 23)
    let spikes = expected.spikes.values.reduce(0) { $0 + $1.total }
    #expect(result.samples.reduce(0) { $0 + $1.spikes } == spikes)
    #expect(
      result.samples.map { $0.top5[0] } == units.flatMap(\.logits).map(SplitEvaluation.answer))
  }

  @Test func `both engines write the same bytes`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    _ = try subject.run(into: folder.file("fast"))
    _ = try subject.run(into: folder.file("reference"), engine: .reference)
    #expect(try bytes(folder.file("fast")) == bytes(folder.file("reference")))
  }

  @Test func `a stopped run goes on, and a torn end is dropped`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    _ = try subject.run(into: folder.file("whole"))
    let path = folder.file("stopped")
    for stops in [0, 1, 1, 2] {
      #expect(
        try Refusal.of { _ = try subject.run(into: path, stopAfter: stops) }
          == Refusal(name: "evaluation-interrupted", exitCode: 75))
      // What a crash can leave: samples without their batch, half a line, a temporary file.
      for (name, rest) in [("samples.jsonl", "{}\n{\"fi"), ("batches.jsonl", "{\"batch\":")] {
        let bytes = try TestFiles.bytes("\(path)/\(name)")
        try TestFiles.write(bytes + Array(rest.utf8), to: "\(path)/\(name)")
      }
      try TestFiles.write([1], to: "\(path)/run.json.x.partial")
    }
    let partial = try EvaluationResult(folder: path)
    #expect(partial.samples.count == 16 && !partial.isComplete)
    _ = try subject.run(into: path)
    #expect(try bytes(path) == bytes(folder.file("whole")))
    #expect(try EvaluationResult(folder: path).environment.sessions.map(\.samples) == [4, 4, 8, 7])
  }

  @Test(arguments: [1, 2, 3, 6])
  func `shards merge to the bytes of one run`(_ count: Int) throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    _ = try subject.run(into: folder.file("whole"))
    let shards = try (0..<count).map { index in
      let path = folder.file("shards") + "/shard-\(index)-of-\(count)"
      _ = try subject.run(into: path, shard: try #require(Shard(index: index, count: count)))
      return path
    }
    let parts = try EvaluationParts(folders: [folder.file("shards")])
    #expect(parts.missing.isEmpty && parts.doubled.isEmpty)
    _ = try parts.merge(into: folder.file("merged"))
    _ = try EvaluationParts(folders: shards.reversed()).merge(into: folder.file("merged"))
    #expect(try bytes(folder.file("merged")) == bytes(folder.file("whole")))
  }

  @Test func `missing, doubled and mixed shards are refused by name`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    func shard(_ index: Int, _ count: Int, _ rules: EvaluationProtocol? = nil) throws -> String {
      let path = folder.file("\(index)-\(count)-\(rules?.batchSize ?? 4)")
      _ = try subject.run(
        rules, into: path, shard: try #require(Shard(index: index, count: count)))
      return path
    }
    let (first, second) = (try shard(0, 2), try shard(1, 2))
    let third = try shard(0, 3)
    let other = try shard(1, 2, subject.rules(batch: 3))
    func merge(_ folders: String...) throws -> String? {
      try refusal { _ = try EvaluationParts(folders: folders).merge(into: folder.file("m")) }
    }
    #expect(try merge(second) == "evaluation-missing")
    #expect(try merge(first, first, second) == "evaluation-doubled")
    #expect(try merge(first, third, second) == "evaluation-doubled")
    #expect(try merge(first, other) == "evaluation-other-protocol")
    #expect(try merge(first, folder.file("none")) == "no-such-file")
    #expect(try EvaluationParts(folders: [second]).missing == [0..<3])
    #expect(try merge(first, second) == nil)
  }

  @Test func `samples of a batch that a kill left without its end are not merged`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let (whole, killed) = (folder.file("whole"), folder.file("killed"))
    _ = try subject.run(into: whole)
    let second = folder.file("second")
    _ = try subject.run(nil, into: second, shard: try #require(Shard(index: 1, count: 2)))
    // All samples of the first run are there, and of its batches those that the second part lacks.
    try FileManager.default.copyItem(atPath: whole, toPath: killed)
    let own = try EvaluationParts(folders: [second]).missing
    let lines = try TestFiles.bytes(whole + "/batches.jsonl").split(separator: 0x0A)
    let kept: [UInt8] = lines.prefix(own.first?.count ?? 0).flatMap { $0 + [0x0A] }
    try TestFiles.write(kept, to: killed + "/batches.jsonl")
    let merged = folder.file("merged")
    _ = try EvaluationParts(folders: [killed, second]).merge(into: merged)
    for name in ["samples.jsonl", "batches.jsonl"] {
      #expect(try TestFiles.bytes("\(merged)/\(name)") == TestFiles.bytes("\(whole)/\(name)"))
    }
  }

  @Test func `bad samples are counted and listed, a whole batch of them too`() throws {
    let subject = try TinyEvaluation(bad: [2, 4, 5, 6, 7])
    let folder = try ScratchFolder()
    #expect(try refusal { _ = try subject.run(into: folder.file("a")) } == "dataset-sample")
    let result = try subject.run(into: folder.file("a"), skips: true)
    #expect(result.batches.map(\.samples) == [3, 0, 4, 4, 4, 3] && result.isComplete)
    #expect(result.excluded.map(\.index) == [2, 4, 5, 6, 7] && !result.isWholeSplit)
    #expect(result.excluded[0].reason == "dataset-sample: expected a sample, found none")
    let again = try subject.run(into: folder.file("b"), skips: true, engine: .reference)
    #expect(again.samples == result.samples)
    #expect(try bytes(folder.file("a")) == bytes(folder.file("b")))
  }

  @Test(arguments: [[7], [0, 1, 2, 3], [9]])
  func `samples of another extent and without finite values are named, or left out`(
    _ wrong: Set<Int>
  ) throws {
    let folder = try ScratchFolder()
    let expected = try TinyEvaluation(bad: wrong).run(into: folder.file("a"), skips: true)
    for subject in [try TinyEvaluation(larger: wrong), try TinyEvaluation(infinite: wrong)] {
      let path = folder.file(UUID().uuidString)
      let first = try #require(wrong.min())
      let failure = #expect(throws: (any Error).self) { _ = try subject.run(into: path) }
      let named = try #require(failure as? any Diagnosable)
      #expect(named.place.hasPrefix("tiny:\(first)") && named.exitCode == 65)
      // What was written is read again, and the run goes on without them.
      #expect(try EvaluationResult(folder: path).samples.count == first / 4 * 4)
      let result = try subject.run(into: path, skips: true)
      #expect(result.samples == expected.samples && result.isComplete)
      #expect(result.excluded.map(\.index) == wrong.sorted())
    }
  }

  @Test func `the extent is that of the first sample that can be read`() throws {
    let subject = try TinyEvaluation(bad: [0], larger: [1])
    let configuration = subject.checkpoint.configuration
    func size(_ skips: Bool) throws -> SpatialSize {
      try SampleLoader(subject.dataset, nil, skipsBadSamples: skips).inputs(of: configuration.graph)
        .size()
    }
    let nominal = NetworkPlan(configuration).nominalSize
    #expect(try size(true) == SpatialSize(height: nominal.height, width: 2 * nominal.width))
    #expect(try refusal { _ = try size(false) } == "dataset-sample")
    let none = try TinyEvaluation(count: 2, bad: [0], infinite: [1])
    #expect(
      try refusal {
        _ = try SampleLoader(none.dataset, nil, skipsBadSamples: true)
          .inputs(of: configuration.graph).size()
      } == "evaluation-empty")
  }

  @Test func `a limit takes whole batches, or samples spread over the classes`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let released = try subject.run(into: folder.file("a"), limit: 5)
    #expect(released.samples.map(\.index) == [0, 1, 2, 3, 12, 13, 14, 15])
    #expect(released.isComplete && !released.isWholeSplit)
    let alone = try subject.run(subject.rules(.perImage), into: folder.file("b"), limit: 5)
    #expect(alone.samples.map(\.index) == [0, 4, 9, 13, 18])
    let shuffled = try subject.run(
      subject.rules(.perImage, order: .shuffled(seed: 3)), into: folder.file("f"), limit: 5)
    #expect(
      shuffled.samples.map(\.index)
        == Shuffle.order(count: 23, seed: 3).filter([0, 4, 9, 13, 18].contains))
    let whole = try subject.run(into: folder.file("c"))
    #expect(whole.samples.filter { $0.index / 4 == 3 } == Array(released.samples[4...]))
    let all = try subject.run(into: folder.file("d"), limit: 1000)
    #expect(all.samples == whole.samples && all.isWholeSplit && !all.header.isPartial)
    #expect(try subject.run(into: folder.file("e"), limit: .max).samples == whole.samples)
  }

  @Test func `a shuffled run has each sample once, and records in the dataset's order`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let rules = subject.rules(.perImage, order: .shuffled(seed: 3))
    let shuffled = try subject.run(rules, into: folder.file("a"))
    let inOrder = try subject.run(subject.rules(.perImage), into: folder.file("b"))
    #expect(shuffled.samples.map(\.index) == Shuffle.order(count: 23, seed: 3))
    #expect(shuffled.samples.sorted { $0.index < $1.index } == inOrder.samples)
    #expect(shuffled.records == inOrder.records)
  }

  @Test(arguments: [
    ("qkformer-digits", "digits"), ("qkformer-digits-batch", "digits"),
    ("qkformer-mnist5k", "mnist5k"), ("qkformer-digits-dvs", "digits-dvs"),
  ])
  func `an entry reproduces its stored records, answer by answer and spike by spike`(
    _ entry: String, _ data: String
  ) throws {
    let entries = TestFiles.package + "/zoo/entries"
    let checkpoint = try CheckpointFile.open("\(entries)/\(entry)/\(entry).qkz.h5").checkpoint()
    let samples = try LabelledSamples(
      path: "\(entries)/\(entry == "qkformer-digits-batch" ? "qkformer-digits" : entry)"
        + "/\(data)-test.safetensors")
    var configuration = checkpoint.configuration
    configuration.scope = .sample
    let plan = NetworkPlan(configuration)
    let engine = try ForwardEngine.fast.prepare(
      plan.graph, ModelWeights(plan.graph, parameters: checkpoint.parameters))
    let rules = EvaluationProtocol(
      name: .perImage, dataset: samples.name, split: "all", scope: .sample, batchSize: 32,
      order: .byClass, timeSteps: configuration.timeSteps, size: plan.nominalSize,
      preprocessing: "none", reportedPrecision: nil, source: "a test")
    let identity = try checkpoint.identity()
    let folder = try ScratchFolder()
    let result = try EvaluationRun(
      rules,
      model: .init(
        modelID: identity.modelID, weightsID: identity.weightsID, configuration: configuration),
      SampleLoader(samples.dataset(), nil), file: nil
    ).run(engine, into: folder.file("a"), machine: "a test")
    let (records, stored) = (result.records, checkpoint.records)
    #expect(result.isWholeSplit)
    #expect(stored.accuracy.contains(records.accuracy[0]))
    #expect(stored.firing.contains(records.firing[0]))
  }

  @Test func `a protocol's digest depends on each of its members, and its words say them`() throws {
    let subject = try TinyEvaluation()
    let rules = subject.rules()
    let others = [
      subject.rules(.perImage), subject.rules(batch: 5), subject.rules(order: .file),
      subject.rules(order: .shuffled(seed: 1)), subject.rules(order: .shuffled(seed: 2)),
    ]
    #expect(Set(([rules] + others).map(\.digest)).count == 6)
    for rules in others {
      #expect(try EvaluationProtocol(json: rules.json, at: "x") == rules)
    }
    let imagenet = EvaluationProtocol(
      name: .released, dataset: "imagenet-1k", split: "val", scope: .batch, batchSize: 32,
      order: .byClass, timeSteps: 4, size: .init(height: 224, width: 224),
      preprocessing: PicturePreprocessing.imagenet(side: 224).json, reportedPrecision: "float16",
      source: "a log")
    #expect(
      imagenet.words
        == "batch 32, class order, scope batch, the last batch as short as it is, state reset "
        + "after each batch; the original ran float16, here float32; T=4, 224 x 224, rgb, bicubic "
        + "to 256, middle 224, (x / 255 - mean) / deviation, mean 0.485 0.456 0.406, deviation "
        + "0.229 0.224 0.225; imagenet-1k, split val; source: a log")
  }

  @Test func `a label that is no class, and more shards than batches, are refused by name`()
    throws
  {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let shard = try #require(Shard(index: 6, count: 7))
    #expect(
      try refusal { _ = try subject.run(into: folder.file("a"), shard: shard) }
        == "evaluation-shard")
    var configuration = subject.checkpoint.configuration
    configuration.classes = 1
    #expect(
      try refusal {
        let identity = try subject.checkpoint.identity()
        _ = try EvaluationRun(
          subject.rules(),
          model: .init(
            modelID: identity.modelID, weightsID: identity.weightsID,
            configuration: configuration), SampleLoader(subject.dataset, nil), file: nil)
      } == "evaluation-data-does-not-fit")
  }
}

extension EvaluationResult {
  /// Accuracy and spikes as a checkpoint carries them.
  fileprivate var records: Records {
    let by = "qkzoo \(FormatVersion.software)"
    let (dataset, evaluation) = (header.rules.recordedDataset, header.rules.evaluation)
    return Records(
      accuracy: [
        .init(
          dataset: dataset, evaluation: evaluation, correct: metrics.top1.correct,
          count: samples.count, source: .measured, by: by,
          answers: samples.sorted { $0.index < $1.index }.map { $0.top5[0] })
      ],
      firing: [
        .init(
          dataset: dataset, evaluation: evaluation, count: samples.count, by: by,
          spikes: activity.spikes.mapValues(\.perStep))
      ])
  }
}
