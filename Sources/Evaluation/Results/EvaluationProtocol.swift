public import CanonicalJSON
import Datasets
import Diagnostics
public import Digests
public import SpikingModels

/// Under which rules a model is evaluated; two results can be compared if their digests are equal.
///
/// Corresponds to member `protocol` of `schemas/v1/evaluation.schema.json`.
public struct EvaluationProtocol: Sendable, Equatable {
  /// The rules there are.
  public enum Name: String, Sendable, CaseIterable {
    /// As the reported number was produced: its batches, in which samples may influence each other.
    case released
    /// Each sample alone.
    case perImage = "per-image"
  }

  /// In which order samples are taken.
  public enum Order: Sendable, Equatable {
    /// The dataset's, in which classes alternate.
    case file
    /// The dataset's, which is sorted by class.
    case byClass
    /// The order that a seed gives (`Shuffle`).
    case shuffled(seed: UInt64)
  }

  /// No reference batch has more samples.
  public static let mostSamplesOfBatch = 65_536

  /// Which rules.
  public let name: Name
  /// The dataset, as in `imagenet-1k`.
  public let dataset: String
  /// The split, and by which rule where there are several.
  public let split: String
  /// What the projection neuron of spiking self-attention keeps its state over.
  public let scope: NeuronScope
  /// Samples of a reference batch. In scope `sample` it only says how many are recorded together.
  public let batchSize: Int
  /// The order of the samples.
  public let order: Order
  /// Time steps T.
  public let timeSteps: Int
  /// Height and width of the network's input.
  public let size: SpatialSize
  /// What pictures go through (`PicturePreprocessing.json`), or the text `none`.
  public let preprocessing: JSON
  /// The precision of the run that the reported number is of, as in `float16`; ours is float32.
  public let reportedPrecision: String?
  /// Who says that the number was produced in this way.
  public let source: String
  /// What the user set otherwise: `batch_size`, `order`, `time_steps`, `image_size`.
  public let overrides: [String]

  /// States the rules.
  public init(
    name: Name, dataset: String, split: String, scope: NeuronScope,
    batchSize: Int, order: Order, timeSteps: Int, size: SpatialSize, preprocessing: JSON,
    reportedPrecision: String?, source: String, overrides: [String] = []
  ) {
    self.name = name
    self.dataset = dataset
    self.split = split
    self.scope = scope
    self.batchSize = batchSize
    self.order = order
    self.timeSteps = timeSteps
    self.size = size
    self.preprocessing = preprocessing
    self.reportedPrecision = reportedPrecision
    self.source = source
    self.overrides = overrides
  }

  /// SHA-256 of the canonical JSON.
  public var digest: Digest { SHA256.digest(of: json.canonicalBytes) }

  /// The way of evaluating as `Records` name it: `per-image`, or as in `batch 32, file order`.
  public var evaluation: String {
    guard scope == .batch else { return "per-image" }
    switch order {
    case .file, .byClass: return "batch \(batchSize), file order"
    case .shuffled(let seed): return "batch \(batchSize), shuffled (seed \(seed))"
    }
  }

  /// The dataset and its split as `Records` name them.
  public var recordedDataset: String { split == "all" ? dataset : "\(dataset) \(split)" }

  /// Samples of the whole split: as many as were published, else those that were found.
  public func splitCount(found: Int) -> Int {
    LabelledDataset.publishedCount(dataset, split: split) ?? found
  }

  /// The rules in words, without the name: batch, order, scope, precision, time, size, source.
  public var words: String {
    let batch =
      scope == .batch
      ? "batch \(batchSize), \(order.words), scope batch, the last batch as short as it is, "
        + "state reset after each batch"
      : "each sample alone (scope sample), \(order.words), recorded by \(batchSize)"
    let precision =
      reportedPrecision.flatMap { $0 == "float32" ? nil : $0 }
      .map { "; the original ran \($0), here float32" } ?? "; float32"
    let changed =
      overrides.isEmpty ? "" : "; set by the user: \(overrides.joined(separator: ", "))"
    return batch + precision + "; T=\(timeSteps), \(size.height) x \(size.width), "
      + "\(preprocessingWords); \(dataset), split \(split); source: \(source)\(changed)"
  }

  private var preprocessingWords: String {
    guard let side = preprocessing["side"]?.int,
      let colours = preprocessing["colours"]?.string,
      let arithmetic = preprocessing["normalisation"]?["arithmetic"]?.string
    else { return "samples are the network's input" }
    if let shorter = preprocessing["shorter_side"]?.int {
      return "\(colours), bicubic to \(shorter), middle \(side), \(arithmetic)"
        + constants("mean") + constants("deviation")
    }
    return "\(colours), not resized, zeros around it to \(side), \(arithmetic)"
  }

  /// As in `, mean 0.485 0.456 0.406`; nothing if the arithmetic has no such numbers.
  private func constants(_ name: String) -> String {
    guard let numbers = preprocessing["normalisation"]?[name]?.array?.compactMap(\.double) else {
      return ""
    }
    return ", \(name) \(numbers.map { "\($0)" }.joined(separator: " "))"
  }
}

extension EvaluationProtocol.Order {
  /// As in `class order`.
  public var words: String {
    switch self {
    case .file: "file order"
    case .byClass: "class order"
    case .shuffled(let seed): "shuffled (seed \(seed))"
    }
  }
}

extension EvaluationProtocol {
  /// The rules as JSON; its canonical text is what the digest is of.
  public var json: JSON {
    var members: [String: JSON] = [
      "name": .string(name.rawValue), "dataset": .string(dataset), "split": .string(split),
      "scope": .string(scope.rawValue), "batch_size": .integer(batchSize),
      "last_batch": "partial", "reset": "after each batch", "precision": "float32",
      "reported_precision": .optional(reportedPrecision), "time_steps": .integer(timeSteps),
      "height": .integer(size.height), "width": .integer(size.width),
      "preprocessing": preprocessing, "source": .string(source),
      "overrides": .array(overrides.map { .string($0) }),
    ]
    switch order {
    case .file: members["order"] = "file"
    case .byClass: members["order"] = "class"
    case .shuffled(let seed):
      members["order"] = "shuffled"
      members["seed"] = .string(String(seed))
    }
    return .object(members)
  }

  /// Reads rules; `place` names them in errors.
  ///
  /// - Throws: `EvaluationFailure`.
  public init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .header,
      required: [
        "name", "dataset", "split", "scope", "batch_size", "last_batch", "reset", "precision",
        "reported_precision", "time_steps", "height", "width", "preprocessing", "source",
        "overrides", "order",
      ], optional: ["seed"])
    let precision = try members.value("reported_precision")
    self.init(
      name: try members.choice("name"), dataset: try members.string("dataset"),
      split: try members.string("split"), scope: try members.choice("scope"),
      batchSize: try members.value("batch_size", "1 to \(Self.mostSamplesOfBatch)") { json in
        json.int.flatMap { (1...Self.mostSamplesOfBatch).contains($0) ? $0 : nil }
      },
      order: try Self.order(members), timeSteps: try members.int("time_steps"),
      size: SpatialSize(height: try members.int("height"), width: try members.int("width")),
      preprocessing: try members.value("preprocessing"),
      reportedPrecision: precision == .null ? nil : try members.string("reported_precision"),
      source: try members.string("source"), overrides: try members.strings("overrides"))
  }

  private static func order(_ members: EvaluationMembers) throws -> Order {
    switch try members.string("order") {
    case "file": return .file
    case "class": return .byClass
    case "shuffled":
      return try members.value("seed", "a seed in decimal digits") { json in
        json.string.flatMap { UInt64($0) }.map { .shuffled(seed: $0) }
      }
    case let other:
      throw members.refusal(of: "order", expected: "file, class or shuffled", found: other)
    }
  }
}
