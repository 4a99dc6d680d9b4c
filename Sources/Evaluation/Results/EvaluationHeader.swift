public import CanonicalJSON
import CheckpointFormat
import Diagnostics
public import Digests
public import SpikingModels

/// What an evaluation is of: protocol, model, data, and which part of the samples.
///
/// It says nothing about time or machine: the same evaluation has the same bytes everywhere.
///
/// Corresponds to `run.json` in the folder of an evaluation and to
/// `schemas/v1/evaluation.schema.json`.
public struct EvaluationHeader: Sendable, Equatable {
  /// The model.
  public struct Model: Sendable, Equatable {
    /// Configuration and weights, as the checkpoint has them.
    public let modelID: Digest
    /// The weights.
    public let weightsID: Digest
    /// The configuration as it was run: scope, time steps and extent are the protocol's.
    public let configuration: ModelConfiguration

    /// Names a model.
    public init(modelID: Digest, weightsID: Digest, configuration: ModelConfiguration) {
      self.modelID = modelID
      self.weightsID = weightsID
      self.configuration = configuration
    }
  }

  /// The labelled samples, all that are there of the split.
  public struct Data: Sendable, Equatable {
    /// Samples that are there.
    public let count: Int
    /// SHA-256 over the names and labels of all samples in their order.
    public let samples: Digest
    /// SHA-256 of the file, where the samples are in one.
    public let file: Digest?
    /// The classes by index, where folders name them; else empty.
    public let classes: [String]

    /// Names samples.
    public init(count: Int, samples: Digest, file: Digest?, classes: [String] = []) {
      self.count = count
      self.samples = samples
      self.file = file
      self.classes = classes
    }
  }

  /// Which part of the samples.
  public struct Part: Sendable, Equatable {
    /// The shard; number 0 of 1 is everything.
    public var shard: Shard
    /// How many samples were asked for, if not all.
    public let limit: Int?
    /// Reference batches of all shards together.
    public let batches: Int
    /// Samples of all shards together.
    public let samples: Int

    /// Names a part.
    public init(shard: Shard, limit: Int?, batches: Int, samples: Int) {
      self.shard = shard
      self.limit = limit
      self.batches = batches
      self.samples = samples
    }

    /// The numbers of the shard's reference batches.
    public var ownBatches: Range<Int> { shard.part(of: batches) }
  }

  /// No split has more samples.
  static let mostSamples = 1 << 40

  /// Under which rules.
  public let rules: EvaluationProtocol
  /// Of which model.
  public let model: Model
  /// On which samples.
  public let data: Data
  /// Which part of them.
  public var part: Part
  /// What was assumed and nothing proves, in sentences (`LabelledDataset.notes`).
  public let notes: [String]
  /// The network that ran, for the extent of its inputs.
  public let graph: ModelGraph

  /// Describes an evaluation.
  public init(
    rules: EvaluationProtocol, model: Model, data: Data, part: Part, notes: [String] = []
  ) {
    self.notes = notes
    self.rules = rules
    self.model = model
    self.data = data
    self.part = part
    graph = model.configuration.graph(for: rules.size)
  }

  /// The neuron groups in the order in which batches list their spikes.
  public var neurons: [NeuronGroup] { graph.neurons }
  /// The convolutions in the order in which batches list their inputs: all that read counts.
  public var convolutions: [String] { graph.countingConvolutions.map(\.path) }
  /// Samples of the whole split; `data` may have fewer.
  public var splitCount: Int { rules.splitCount(found: data.count) }
  /// Whether all shards together have another number of samples than the split: some were asked
  /// for, or only some are there.
  public var isPartial: Bool { part.samples != splitCount }
}

extension EvaluationHeader {
  /// Which lines a folder has; those of number 1 had no digests.
  private static let schema = "qkzoo.evaluation/2"

  /// The description as JSON.
  public var json: JSON {
    var members: [String: JSON] = [
      "schema": .string(Self.schema), "numerics_version": .string(FormatVersion.numerics),
      "protocol": rules.json, "protocol_sha256": .string(rules.digest.hex),
      "model": [
        "model_id": .string(model.modelID.hex), "weights_id": .string(model.weightsID.hex),
        "configuration": model.configuration.json,
      ],
      "data": data.json,
      "part": [
        "shard": .integer(part.shard.index), "shards": .integer(part.shard.count),
        "limit": part.limit.map { .integer($0) } ?? .null, "batches": .integer(part.batches),
        "samples": .integer(part.samples),
      ],
      "neurons": .array(
        neurons.map { ["path": .string($0.path), "neurons": .integer($0.count)] }),
      "convolutions": .array(convolutions.map { .string($0) }),
    ]
    if !notes.isEmpty { members["notes"] = .array(notes.map { .string($0) }) }
    return .object(members)
  }

  /// Reads a description; `place` names it in errors.
  ///
  /// - Throws: `EvaluationFailure`, `ConfigurationFailure`.
  public init(json: JSON, at place: String) throws {
    let (schema, numerics) = (json["schema"]?.string, json["numerics_version"]?.string)
    guard schema == Self.schema, numerics == FormatVersion.numerics else {
      throw EvaluationFailure(
        .header, at: place,
        expected: "\(Self.schema) of numerics version \(FormatVersion.numerics); evaluate into a "
          + "new folder, or use the qkzoo that wrote this one",
        found: "\(schema ?? "no schema") of numerics version \(numerics ?? "none")")
    }
    let members = try EvaluationMembers(
      json, at: place, .header,
      required: [
        "schema", "numerics_version", "protocol", "protocol_sha256", "model", "data", "part",
        "neurons", "convolutions",
      ], optional: ["notes"])
    rules = try EvaluationProtocol(
      json: members.value("protocol"), at: members.place(of: "protocol"))
    model = try Model(json: members.value("model"), at: members.place(of: "model"))
    data = try Data(json: members.value("data"), at: members.place(of: "data"))
    part = try Part(json: members.value("part"), at: members.place(of: "part"))
    notes = members.has("notes") ? try members.strings("notes") : []
    try Self.validateSizes(rules, model, data, part, at: place)
    graph = model.configuration.graph(for: rules.size)
    guard self.json == json else {
      throw EvaluationFailure(
        .header, at: place, expected: "digest and lists that follow from the other members",
        found: "others")
    }
  }
}

extension EvaluationHeader {
  /// Requires sizes that the network can have, and parts of what there is.
  private static func validateSizes(
    _ rules: EvaluationProtocol, _ model: Model, _ data: Data, _ part: Part, at place: String
  ) throws {
    guard part.samples <= data.count, part.batches <= part.samples else {
      throw EvaluationFailure(
        .header, at: "\(place) part", expected: "at most \(data.count) samples in as many batches",
        found: "\(part.samples) in \(part.batches)")
    }
    var configuration = model.configuration
    guard rules.timeSteps == configuration.timeSteps else {
      throw EvaluationFailure(
        .header, at: "\(place) protocol", expected: "the model's T=\(configuration.timeSteps)",
        found: "T=\(rules.timeSteps)")
    }
    configuration.input.height = rules.size.height
    configuration.input.width = rules.size.width
    try configuration.validate(at: "\(place) protocol")
  }
}

extension EvaluationHeader.Model {
  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .header, required: ["model_id", "weights_id", "configuration"])
    self.init(
      modelID: try members.sha256("model_id"), weightsID: try members.sha256("weights_id"),
      configuration: try ModelConfiguration(
        json: members.value("configuration"), at: members.place(of: "configuration")))
  }
}

extension EvaluationHeader.Data {
  fileprivate var json: JSON {
    var members: [String: JSON] = [
      "n": .integer(count), "samples_sha256": .string(samples.hex),
      "file_sha256": .optional(file?.hex),
    ]
    if !classes.isEmpty { members["classes"] = .array(classes.map { .string($0) }) }
    return .object(members)
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .header, required: ["n", "samples_sha256", "file_sha256"],
      optional: ["classes"])
    let limits = 1...EvaluationHeader.mostSamples
    let file = try members.value("file_sha256")
    self.init(
      count: try members.value("n", "\(limits.lowerBound) to \(limits.upperBound)") { json in
        json.int.flatMap { limits.contains($0) ? $0 : nil }
      },
      samples: try members.sha256("samples_sha256"),
      file: file == .null ? nil : try members.sha256("file_sha256"),
      classes: members.has("classes") ? try members.strings("classes") : [])
  }
}

extension EvaluationHeader.Part {
  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .header, required: ["shard", "shards", "limit", "batches", "samples"])
    func positive(_ name: String) throws -> Int {
      try members.value(name, "a number of at least 1") { json in
        json.count.flatMap { $0 > 0 ? $0 : nil }
      }
    }
    let (index, count) = (try members.int("shard"), try members.int("shards"))
    guard let shard = Shard(index: index, count: count) else {
      throw members.refusal(of: "shard", expected: "a shard of \(count)", found: "\(index)")
    }
    let isLimited = try members.value("limit") != .null
    self.init(
      shard: shard, limit: isLimited ? try positive("limit") : nil,
      batches: try positive("batches"), samples: try positive("samples"))
  }
}
