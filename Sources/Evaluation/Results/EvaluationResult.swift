import CanonicalJSON
import Diagnostics
import Digests
import FileAccess
import SpikeTensors
import SpikingModels

/// A finished or partial evaluation, read from its folder.
///
/// A folder has four files. `run.json` says what was evaluated (`header`); `samples.jsonl` has a
/// line for each sample, in the order of the evaluation; `batches.jsonl` one for each reference
/// batch, with exact counts; `environment.json` what depends on time and machine. Of the same
/// evaluation the first three have the same bytes everywhere, whether it was stopped and resumed,
/// or cut into shards and merged. `samples` and `batches` end with the last complete batch.
///
///     let result = try EvaluationResult(folder: "results/hst-10-384")
///     result.header.rules.words              // "batch 32, class order, scope batch, ..."
///     result.isComplete                      // true
///     result.metrics.top1.value              // 0.74196
///     result.activity.spikes["stage1/block0/attention/q/lif"]?.firingRate
public struct EvaluationResult: Sendable {
  /// The folder.
  public let folder: String
  /// Protocol, identity of model and data, and which part of the samples.
  public let header: EvaluationHeader
  /// What the model said, in the order of the evaluation.
  public let samples: [EvaluatedSample]
  /// Accuracy and loss of these answers.
  public let metrics: Metrics
  /// Exact counts, batch by batch.
  public let batches: [EvaluatedBatch]
  /// What depends on time and machine: one part for each time the evaluation ran.
  public let environment: EvaluationEnvironment

  /// Reads a folder.
  ///
  /// - Throws: `EvaluationFailure` if it is none of an evaluation or breaks its format;
  ///   `JSONFailure`, `FileFailure`.
  public init(folder: String) throws {
    // Nothing there is another mistake than something else.
    _ = try Files.stamp(of: folder)
    guard Files.isDirectory(folder), let header = try EvaluationFiles.header(in: folder) else {
      throw EvaluationFailure(
        .folder, at: folder, expected: "an evaluation's folder, with \(EvaluationFiles.header)",
        found: "something else")
    }
    var (batches, samples) = ([EvaluatedBatch](), [EvaluatedSample]())
    _ = try EvaluationReader(folder, header).read {
      batches.append($0)
    } sample: { sample, _ in
      samples.append(sample)
    }
    try header.requireTotals(batches, at: Files.join(folder, EvaluationFiles.batches))
    self.folder = folder
    self.header = header
    self.batches = batches
    self.samples = samples
    metrics = Metrics(samples)
    environment = try EvaluationEnvironment(in: folder)
    try Self.requireEachOnce(indices, at: folder)
  }

  /// The names of the files that are read from a folder.
  public static var fileNames: [String] { EvaluationFiles.all }

  /// Every sample that was answered or left out, by its index.
  var indices: [Int] { samples.map(\.index) + excluded.map(\.index) }

  /// Requires samples to be there once.
  ///
  /// - Throws: `EvaluationFailure`.
  static func requireEachOnce(_ indices: [Int], at place: String) throws {
    var seen: Set<Int> = []
    guard let twice = indices.first(where: { !seen.insert($0).inserted }) else { return }
    throw EvaluationFailure(
      .record, at: place, expected: "each sample once", found: "sample \(twice) twice")
  }

  /// Whether every reference batch of this part is done.
  public var isComplete: Bool { batches.count == header.part.ownBatches.count }
  /// Whether this is the whole split: complete, with as many samples as the split has, not one shard
  /// of several, nothing excluded.
  public var isWholeSplit: Bool {
    isComplete && !header.isPartial && header.part.shard.count == 1 && excluded.isEmpty
  }

  /// Requires an answer, without which no figure means anything.
  ///
  /// - Throws: `EvaluationFailure`.
  public func requireAnswers() throws {
    guard samples.isEmpty else { return }
    throw EvaluationFailure(
      .empty, at: folder, expected: "a sample that can be read",
      found: "none of \(excluded.count)"
        + (excluded.first.map { ", as \($0.file): \($0.reason)" } ?? ""))
  }

  /// Samples of event frames without any event.
  public var samplesWithoutEvents: Int {
    guard header.model.configuration.input.coding == .eventFrames else { return 0 }
    let size = header.rules.size
    let count =
      header.rules.timeSteps * header.model.configuration.input.channels * size.height * size.width
    let zeros = SHA256.digest(of: Tensor([count], [Float](repeating: 0, count: count)).bytes)
    return samples.count { $0.input == zeros }
  }

  /// Samples that could not be read.
  public var excluded: [EvaluatedBatch.Exclusion] { batches.flatMap(\.excluded) }
  /// Exact totals: spikes by neuron group and step, and what each convolution read.
  public var activity: ActivityCounter {
    var total = ActivityCounter()
    let neurons = header.neurons
    let convolutions = header.convolutions
    for batch in batches where batch.samples > 0 {
      total.add(batch, neurons, convolutions)
    }
    return total
  }
}
