public import Datasets
import Glibc
public import SpikeInference
import SpikingModels

/// The most likely classes of pictures, each run alone.
public struct Classification: Sendable {
  /// One class of a picture.
  public struct Candidate: Sendable, Equatable {
    /// The index of the class.
    public let label: Int
    /// Its logit.
    public let logit: Float
    /// Its share by softmax over all logits, in float64.
    public let probability: Double
  }

  /// One picture and its most likely classes; the first of equals comes first.
  public struct Answer: Sendable {
    /// The picture's name.
    public let name: String
    /// The classes, most likely first.
    public let candidates: [Candidate]
  }

  /// The answers in the order of the pictures.
  public let answers: [Answer]
  /// Samples of event frames without any event.
  public let samplesWithoutEvents: Int
  /// Pictures that could not be read, where they are skipped.
  public let excluded: [SampleLoader.Exclusion]

  /// Runs a model over pictures.
  ///
  /// - Parameters:
  ///   - engine: of scope `sample`, so that no picture depends on its neighbours.
  ///   - count: how many classes of each picture are kept.
  /// - Throws: what reading throws; `InferenceFailure`.
  public init(
    _ engine: some ForwardPass, _ pictures: SampleLoader, count: Int,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    let step = max(engine.samplesTogether(engine.graph.inputShape.size), Self.leastTogether)
    let indices = Array(pictures.dataset.samples.indices)
    let batches = stride(from: 0, to: indices.count, by: step).map { start in
      Array(indices[start..<min(start + step, indices.count)])
    }
    var (answers, withoutEvents) = ([Answer](), 0)
    excluded = try pictures.forEachBatch(batches) { batch in
      let input = try InputBatch(
        batch.input, for: engine.graph, name: pictures.dataset.name)
      let units = try engine.run(input, observer: { _ in NoObserver() }, progress: progress)
      withoutEvents += batch.withoutEvents
      for (index, logits) in zip(batch.indices, units.flatMap(\.logits)) {
        let name = pictures.dataset.samples[index].name
        answers.append(Answer(name: name, candidates: Self.best(count, of: logits)))
      }
    }
    self.answers = answers
    samplesWithoutEvents = withoutEvents
  }

  /// Pictures that are read together at least, so that reading uses all cores.
  private static let leastTogether = 8

  /// The classes of the largest logits.
  public static func best(_ count: Int, of logits: [Float]) -> [Candidate] {
    let largest = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - largest) }
    let sum = weights.reduce(0, +)
    let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    return order.prefix(count).map { label in
      Candidate(label: label, logit: logits[label], probability: weights[label] / sum)
    }
  }
}
