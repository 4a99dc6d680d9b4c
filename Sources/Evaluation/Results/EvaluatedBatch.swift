public import CanonicalJSON
import Diagnostics
public import Digests

/// What one reference batch did: exact counts, and the samples that could not be read.
///
/// Corresponds to a line of `batches.jsonl`, without its seal, and to
/// `schemas/v1/evaluated-batch.schema.json`.
public struct EvaluatedBatch: Sendable, Equatable {
  /// A sample that was left out.
  public struct Exclusion: Sendable, Equatable {
    /// The index in the dataset.
    public let index: Int
    /// The sample's name.
    public let file: String
    /// The failure's name, what was expected and what was found.
    public let reason: String
  }

  /// What the convolutions read, a number for each convolution of the header's list.
  public struct Inputs: Sendable, Equatable {
    /// Elements, over samples and steps.
    public var elements: [Int]
    /// Sum of the integers.
    public var sum: [Int]
    /// Elements that are not zero.
    public var nonzero: [Int]
    /// The largest integer.
    public var largest: [Int]
  }

  /// The number of the reference batch in the whole evaluation, from 0.
  public let number: Int
  /// Samples that were run.
  public let samples: Int
  /// Samples that were not.
  public let excluded: [Exclusion]
  /// Spikes by neuron group of the header's list, then by time step.
  public let spikes: [[Int]]
  /// What the convolutions read.
  public let inputs: Inputs
  /// SHA-256 of the lines of its samples in `samples.jsonl`, with their line feeds.
  public let sampleLines: Digest

  /// The batch as JSON.
  public var json: JSON {
    func list(_ values: [Int]) -> JSON { .array(values.map { .integer($0) }) }
    return [
      "batch": .integer(number), "samples": .integer(samples),
      "excluded": .array(
        excluded.map {
          ["index": .integer($0.index), "file": .string($0.file), "reason": .string($0.reason)]
        }),
      "spikes": .array(spikes.map(list)),
      "inputs": [
        "elements": list(inputs.elements), "sum": list(inputs.sum),
        "nonzero": list(inputs.nonzero), "largest": list(inputs.largest),
      ],
      "sample_lines_sha256": .string(sampleLines.hex),
    ]
  }
}

extension EvaluatedBatch {
  /// Reads a batch; `place` names it in errors.
  ///
  /// - Throws: `EvaluationFailure`.
  public init(json: JSON, at place: String) throws {
    guard let number = json["batch"]?.int, number >= 0,
      let samples = json["samples"]?.int, samples >= 0,
      let excluded = Self.all(json["excluded"], Exclusion.init),
      let spikes = Self.all(json["spikes"], Self.counts),
      let inputs = Inputs(json["inputs"]),
      let sampleLines = json["sample_lines_sha256"]?.string.flatMap({ Digest(hex: $0) })
    else {
      throw EvaluationFailure(.record, at: place, expected: "a batch", found: "other members")
    }
    self.init(
      number: number, samples: samples, excluded: excluded, spikes: spikes, inputs: inputs,
      sampleLines: sampleLines)
  }

  private static func all<Value>(_ json: JSON?, _ read: (JSON) -> Value?) -> [Value]? {
    let values = json?.array?.compactMap(read)
    return values?.count == json?.array?.count ? values : nil
  }

  fileprivate static func counts(_ json: JSON?) -> [Int]? {
    all(json) { element in element.int.flatMap { $0 >= 0 ? $0 : nil } }
  }
}

extension EvaluatedBatch.Exclusion {
  fileprivate init?(_ json: JSON) {
    guard let index = json["index"]?.int, let file = json["file"]?.string,
      let reason = json["reason"]?.string
    else { return nil }
    self.init(index: index, file: file, reason: reason)
  }
}

extension EvaluatedBatch.Inputs {
  fileprivate init?(_ json: JSON?) {
    guard let elements = EvaluatedBatch.counts(json?["elements"]),
      let sum = EvaluatedBatch.counts(json?["sum"]),
      let nonzero = EvaluatedBatch.counts(json?["nonzero"]),
      let largest = EvaluatedBatch.counts(json?["largest"])
    else { return nil }
    self.init(elements: elements, sum: sum, nonzero: nonzero, largest: largest)
  }
}
