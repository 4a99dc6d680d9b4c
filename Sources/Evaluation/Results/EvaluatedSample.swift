public import CanonicalJSON
import Diagnostics
public import Digests
import SpikingModels

/// What a model said about one sample.
///
/// Corresponds to a line of `samples.jsonl` and to `schemas/v1/evaluated-sample.schema.json`.
public struct EvaluatedSample: AnsweredSample, Sendable, Equatable {
  /// The index in the dataset's own order.
  public let index: Int
  /// The file, or the place in a file, below the dataset's folder.
  public let file: String
  /// The index of the class.
  public let label: Int
  /// The most likely classes, up to five, most likely first; the lower index of equals.
  public let top5: [Int]
  /// Cross-entropy in nats, of float64 arithmetic that is the same on every machine.
  public let loss: Double
  /// SHA-256 of the logits as little-endian float32.
  public let logits: Digest
  /// SHA-256 of the network's input as little-endian float32.
  public let input: Digest
  /// Spikes of all neurons at all steps.
  public let spikes: Int

  /// Twice the largest float32, and more: no cross-entropy of float32 logits is larger.
  static let mostLoss = 1e39

  /// Whether the most likely class is right.
  public var isCorrect: Bool { answer == label }

  /// States what was found.
  public init(
    index: Int, file: String, label: Int, top5: [Int], loss: Double, logits: Digest,
    input: Digest, spikes: Int
  ) {
    self.index = index
    self.file = file
    self.label = label
    self.top5 = top5
    self.loss = loss
    self.logits = logits
    self.input = input
    self.spikes = spikes
  }

  /// The sample as JSON, one line of `samples.jsonl`.
  public var json: JSON {
    [
      "index": .integer(index), "file": .string(file), "label": .integer(label),
      "top5": .array(top5.map { .integer($0) }), "loss": .number(loss),
      "logits_sha256": .string(logits.hex), "input_sha256": .string(input.hex),
      "spikes": .integer(spikes),
    ]
  }

  /// The lines of samples, each with its line feed.
  static func lines(_ samples: [EvaluatedSample]) -> [UInt8] {
    samples.flatMap { $0.json.canonicalBytes + [0x0A] }
  }

  /// Reads a line; `place` names it in errors.
  ///
  /// - Throws: `EvaluationFailure`.
  public init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .record,
      required: [
        "index", "file", "label", "top5", "loss", "logits_sha256", "input_sha256", "spikes",
      ])
    self.init(
      index: try members.count("index"), file: try members.string("file"),
      label: try members.int("label"),
      top5: try members.value("top5", "one to five classes") { json in
        json.counts.flatMap { (1...5).contains($0.count) ? $0 : nil }
      },
      loss: try members.value("loss", "0 to \(Self.mostLoss)") { json in
        json.double.flatMap { (0...Self.mostLoss).contains($0) ? $0 : nil }
      },
      logits: try members.sha256("logits_sha256"), input: try members.sha256("input_sha256"),
      spikes: try members.count("spikes"))
  }

  /// Whether index, classes and spikes are those of an evaluation.
  func fits(_ header: EvaluationHeader, mostSpikes: Int) -> Bool {
    let classes = 0..<header.model.configuration.classes
    return index < header.data.count && spikes <= mostSpikes
      && ([label] + top5).allSatisfy(classes.contains)
  }
}
