public import CheckpointFormat
import QKFormerModel
public import SpikeInference

/// A model's answers and activity over a whole dataset.
public struct SplitEvaluation: Sendable {
  /// The dataset.
  public let dataset: String
  /// How it was evaluated, as in `per-image` or `batch 32, file order`.
  public let evaluation: String
  /// `[n][classes]`.
  public let logits: [[Float]]
  /// The most likely class of each sample; the first of equals.
  public let answers: [Int]
  /// Right answers.
  public let correct: Int
  /// Spikes and convolution inputs.
  public let activity: ActivityCounter

  /// Runs a model over a dataset.
  ///
  /// - Parameters:
  ///   - batchSize: for scope `batch` only; `nil` runs each sample alone.
  ///   - synapses: counts what spikes reach, too.
  /// - Throws: `InferenceFailure`, `TensorFailure`.
  public init(
    _ engine: some ForwardPass, _ data: LabelledSamples, batchSize: Int? = nil,
    order: String = "file order", synapses: SynapseInventory? = nil,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    let input = try InputBatch(
      data.images, for: engine.plan.configuration, name: data.name)
    let units = try engine.run(
      input, batchSize: batchSize ?? 1, observer: { _ in ActivityCounter(synapses) },
      progress: progress)
    dataset = data.name
    evaluation = batchSize.map { "batch \($0), \(order)" } ?? "per-image"
    logits = units.flatMap(\.logits)
    answers = logits.map(Self.answer)
    correct = zip(answers, data.labels).filter { $0 == $1 }.count
    activity = ActivityCounter.total(units.map(\.observer))
  }

  /// The most likely class; the first of equals.
  public static func answer(_ logits: [Float]) -> Int {
    logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
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
