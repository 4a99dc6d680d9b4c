public import CheckpointFormat
public import Datasets
public import SpikeInference
import SpikingModels

/// A model's answers and activity over a whole dataset.
public struct SplitEvaluation: Sendable {
  /// The dataset, and its split where there are several.
  public let dataset: String
  /// How it was evaluated, as in `per-image` or `batch 32, file order`.
  public let evaluation: String
  /// The most likely class of each sample; the first of equals.
  public let answers: [Int]
  /// Right answers.
  public let correct: Int
  /// Spikes and convolution inputs.
  public let activity: ActivityCounter
  /// Samples of event frames without any event.
  public let samplesWithoutEvents: Int
  /// What was assumed of the samples and nothing proves.
  public let notes: [String]

  /// Samples that are read together where each is alone.
  private static let readTogether = 32

  /// Runs a model over a dataset in its order, reading batch by batch.
  ///
  /// - Parameters:
  ///   - batchSize: for scope `batch` only; `nil` runs each sample alone.
  ///   - synapses: counts what spikes reach, too.
  /// - Throws: `InferenceFailure`, `TensorFailure`, and what reading samples throws.
  public init(
    _ engine: some ForwardPass, _ loader: SampleLoader, batchSize: Int? = nil,
    synapses: SynapseInventory? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    let samples = loader.dataset.samples
    let size = batchSize ?? Self.readTogether
    let batches = stride(from: 0, to: samples.count, by: size).map { start in
      Array(start..<min(start + size, samples.count))
    }
    var (answers, activity, withoutEvents) = ([Int](), ActivityCounter(), 0)
    try loader.forEachBatch(batches) { batch in
      let input = try InputBatch(
        batch.input, for: engine.graph, name: loader.dataset.name)
      let units = try engine.run(
        input, batchSize: batchSize ?? 1, observer: { _ in ActivityCounter(synapses) },
        progress: progress)
      answers += units.flatMap(\.logits).map(Self.answer)
      activity = ActivityCounter.total([activity] + units.map(\.observer))
      withoutEvents += batch.withoutEvents
    }
    dataset = loader.dataset.recordedName
    evaluation = batchSize.map { "batch \($0), file order" } ?? "per-image"
    correct = zip(answers, samples).count { $0 == $1.label }
    self.answers = answers
    self.activity = activity
    samplesWithoutEvents = withoutEvents
    notes = loader.dataset.notes
  }

  /// Runs a model over a small dataset, each sample alone unless there is a batch size.
  ///
  /// - Throws: `InferenceFailure`, `TensorFailure`.
  public init(
    _ engine: some ForwardPass, _ data: LabelledSamples, batchSize: Int? = nil,
    synapses: SynapseInventory? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    try self.init(
      engine, SampleLoader(data.dataset(), nil), batchSize: batchSize, synapses: synapses,
      progress: progress)
  }

  /// The most likely class; the first of equals.
  public static func answer(_ logits: [Float]) -> Int {
    logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
  }

  /// The batch size of a way of evaluating: 32 of `batch 32, file order`; `nil` of any other.
  public static func batchSize(of evaluation: String) -> Int? {
    let (prefix, suffix) = ("batch ", ", file order")
    guard evaluation.hasPrefix(prefix), evaluation.hasSuffix(suffix) else { return nil }
    return Int(evaluation.dropFirst(prefix.count).dropLast(suffix.count)).flatMap {
      (1...1 << 20).contains($0) ? $0 : nil
    }
  }

  /// The result as records that name this software.
  public var records: Records {
    let by = "qkzoo \(FormatVersion.software)"
    return Records(
      accuracy: [
        .init(
          dataset: dataset, evaluation: evaluation, correct: correct, count: answers.count,
          source: .measured, by: by, answers: answers)
      ],
      firing: [
        .init(
          dataset: dataset, evaluation: evaluation, count: answers.count, by: by,
          spikes: activity.spikes.mapValues(\.perStep))
      ])
  }
}

extension Records {
  /// The ways in which a dataset was evaluated, each once.
  public func evaluations(of dataset: String) -> [String] {
    let all =
      accuracy.filter { $0.dataset == dataset }.map(\.evaluation)
      + firing.filter { $0.dataset == dataset }.map(\.evaluation)
    return all.enumerated().filter { all.firstIndex(of: $1) == $0 }.map(\.element)
  }
}

extension LabelledDataset {
  /// The dataset and its split as `Records` name them.
  public var recordedName: String { split == "all" ? name : "\(name) \(split)" }
}
