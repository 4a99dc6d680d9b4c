import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Datasets
import Diagnostics
import Digests
import Evaluation
import ModelZoo
import SpikeInference
import SpikingModels

/// What may be set otherwise than a protocol has it.
struct ProtocolOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Run with T time steps.", valueName: "t"))
  var timeSteps: Int?

  @Option(help: ArgumentHelp("Run on pictures of this height and width.", valueName: "pixels"))
  var imageSize: Int?

  @Option(help: ArgumentHelp("Samples of a reference batch.", valueName: "n"))
  var batch: Int?

  @Option(help: "The order of the samples: file or shuffled.")
  var order: OrderName?

  @Option(help: ArgumentHelp("Decides the shuffled order (default: 0).", valueName: "n"))
  var seed: UInt64?

  /// The orders that can be asked for.
  enum OrderName: String, CaseIterable, ExpressibleByArgument {
    case file, shuffled
  }

  func validate() throws {
    let limits = [
      ("--time-steps", timeSteps, 1024), ("--image-size", imageSize, 16_384),
      ("--batch", batch, EvaluationProtocol.mostSamplesOfBatch),
    ]
    for (name, value, most) in limits {
      if let value, !(1...most).contains(value) {
        throw ValidationError("\(name) must be from 1 to \(most)")
      }
    }
    if seed != nil && order != .shuffled {
      throw ValidationError("--seed belongs to --order shuffled")
    }
  }

  /// What was set.
  var overrides: ProtocolOverrides {
    ProtocolOverrides(
      timeSteps: timeSteps, imageSize: imageSize, batch: batch,
      order: order.map { $0 == .shuffled ? .shuffled(seed: seed ?? 0) : .file })
  }
}

/// What a user sets otherwise than a protocol has it.
struct ProtocolOverrides {
  var timeSteps: Int?
  var imageSize: Int?
  var batch: Int?
  var order: EvaluationProtocol.Order?

  /// What changes a model; a value that it has anyway changes nothing, and neither does the order
  /// that every protocol has.
  func changing(_ configuration: ModelConfiguration) -> ProtocolOverrides {
    let input = configuration.input
    var changes = self
    if timeSteps == configuration.timeSteps { changes.timeSteps = nil }
    if imageSize == input.height && imageSize == input.width { changes.imageSize = nil }
    if order == .file { changes.order = nil }
    return changes
  }

  /// What changes a protocol of some batch size.
  func changing(batchSize: Int) -> ProtocolOverrides {
    var changes = self
    if batch == batchSize { changes.batch = nil }
    return changes
  }

  /// What is set.
  var names: [String] {
    [
      ("batch_size", batch != nil), ("image_size", imageSize != nil), ("order", order != nil),
      ("time_steps", timeSteps != nil),
    ].filter(\.1).map(\.0)
  }

  /// A model's configuration as it will run, but for the scope.
  func configuration(_ configuration: ModelConfiguration) -> ModelConfiguration {
    var changed = configuration
    changed.timeSteps = timeSteps ?? configuration.timeSteps
    changed.input.height = imageSize ?? configuration.input.height
    changed.input.width = imageSize ?? configuration.input.width
    return changed
  }
}

/// A model that is to be evaluated on a dataset.
struct EvaluationSubject {
  let checkpoint: Checkpoint
  /// The zoo's entry of the model, by name or by its model-id.
  let entry: ZooEntry?
  let identity: ModelIdentity
  /// As it will run, but for the scope.
  let configuration: ModelConfiguration
  let opened: DatasetArgument.Opened
  private let overrides: ProtocolOverrides

  init(
    _ model: ModelArgument, _ data: DatasetArgument, _ overrides: ProtocolOverrides,
    skipsBadSamples: Bool
  ) throws {
    let (checkpoint, named) = try model.load()
    let identity = try checkpoint.identity()
    let overrides = overrides.changing(checkpoint.configuration)
    let configuration = overrides.configuration(checkpoint.configuration)
    let entry = try named ?? model.zoo.load().entry(of: identity.modelID)
    opened = try data.open(
      entry, configuration, model.zoo, skipsBadSamples: skipsBadSamples,
      keepsExtent: overrides.imageSize == nil)
    guard overrides.imageSize == nil || opened.loader.preprocessing != nil else {
      throw ValidationError("--image-size is for pictures; \(opened.dataset.name) has none")
    }
    self.checkpoint = checkpoint
    self.entry = entry
    self.identity = identity
    self.configuration = configuration
    self.overrides = overrides
  }

  /// The configuration in a scope.
  func configuration(
    scope: NeuronScope
  ) -> ModelConfiguration {
    var configuration = configuration
    configuration.scope = scope
    return configuration
  }

  /// What a header says of the model that runs under some rules.
  func model(_ rules: EvaluationProtocol) -> EvaluationHeader.Model {
    .init(
      modelID: identity.modelID, weightsID: identity.weightsID,
      configuration: configuration(scope: rules.scope))
  }

  /// The rules of a protocol for this model and dataset.
  func rules(_ name: EvaluationProtocol.Name) throws -> EvaluationProtocol {
    let released = releasedSettings
    let isReleased = name == .released
    let batchSize = isReleased ? released.batchSize : ReleasedSettings.recordedTogether
    let overrides = overrides.changing(batchSize: batchSize)
    return EvaluationProtocol(
      name: name, dataset: opened.dataset.name, split: opened.dataset.split,
      scope: isReleased ? released.scope : .sample,
      batchSize: overrides.batch ?? batchSize,
      order: order, timeSteps: configuration.timeSteps, size: try size(),
      preprocessing: opened.loader.preprocessing?.json ?? "none",
      reportedPrecision: isReleased ? released.precision : nil,
      source: isReleased ? released.source : "each sample by itself, as numerics.md defines it",
      overrides: overrides.names)
  }

  private var order: EvaluationProtocol.Order {
    if case .shuffled(let seed) = overrides.order { return .shuffled(seed: seed) }
    let labels = opened.dataset.samples.map(\.label)
    return zip(labels, labels.dropFirst()).allSatisfy { $0 <= $1 } ? .byClass : .file
  }

  /// The extent of the pictures, else that of the first sample that can be read.
  private func size() throws -> SpatialSize {
    if let preprocessing = opened.loader.preprocessing {
      return SpatialSize(height: preprocessing.side, width: preprocessing.side)
    }
    return try opened.loader.inputs(of: configuration.graph).size()
  }

  /// What the entry's figure says of how it was produced, else what the released code does.
  private var releasedSettings:
    (
      scope: NeuronScope, batchSize: Int, precision: String?,
      source: String
    )
  {
    let usual = ReleasedSettings(dataset: opened.dataset.name)
    let scope = ReleasedSettings.scope(configuration)
    guard let figure = reportedFigure, let setting = figure.setting, let batch = setting.batchSize
    else { return (scope, usual.batchSize, usual.precision, usual.source) }
    return (
      setting.scope ?? scope, batch, setting.precision ?? usual.precision,
      "\(figure.text), \(figure.by.rawValue): \(figure.source)"
    )
  }

  /// The accuracy whose batches are known; the model's own report before its log.
  private var reportedFigure: Figure? {
    guard let entry, entry.datasetName == opened.dataset.name else { return nil }
    let sizes = 2...EvaluationProtocol.mostSamplesOfBatch
    let known = entry.figures.filter {
      $0.metric == .top1 && $0.part == nil && sizes.contains($0.setting?.batchSize ?? 1)
    }
    let speakers: [Figure.Speaker] = [.reported, .log, .independent]
    return speakers.lazy.compactMap { speaker in known.first { $0.by == speaker } }.first
  }
}

/// The protocols that can be asked for.
enum ProtocolName: String, CaseIterable, ExpressibleByArgument {
  case released
  case perImage = "per-image"

  /// The protocol's own name.
  var name: EvaluationProtocol.Name { self == .released ? .released : .perImage }
}
