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
    let members = try EvaluationMembers(
      json, at: place, .record,
      required: [
        "batch", "samples", "excluded", "spikes", "inputs", "sample_lines_sha256",
      ])
    self.init(
      number: try members.count("batch"), samples: try members.count("samples"),
      excluded: try members.list("excluded", Exclusion.init),
      spikes: try members.value("spikes", "counts by group and step") { json in
        let groups = json.array?.compactMap(\.counts)
        return groups?.count == json.array?.count ? groups : nil
      },
      inputs: try Inputs(json: members.value("inputs"), at: members.place(of: "inputs")),
      sampleLines: try members.sha256("sample_lines_sha256"))
  }
}

extension EvaluatedBatch.Exclusion {
  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .record, required: ["index", "file", "reason"])
    self.init(
      index: try members.int("index"), file: try members.string("file"),
      reason: try members.string("reason"))
  }
}

extension EvaluatedBatch.Inputs {
  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .record, required: ["elements", "sum", "nonzero", "largest"])
    self.init(
      elements: try members.counts("elements"), sum: try members.counts("sum"),
      nonzero: try members.counts("nonzero"), largest: try members.counts("largest"))
  }
}
