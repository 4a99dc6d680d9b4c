import CheckpointFormat
public import Evaluation
public import ModelZoo
public import SpikingModels

/// What a report is about: one evaluation of one model, and what others say of the model.
public struct ReportSubject: Sendable {
  /// The answer to one sample.
  public struct Answer: AnsweredSample, Sendable, Equatable {
    /// The index in the dataset's own order.
    public let index: Int
    /// The file, or the place in a file.
    public let file: String
    /// The index of the right class.
    public let label: Int
    /// The most likely classes, most likely first.
    public let top5: [Int]
    /// Cross-entropy in nats.
    public let loss: Double

    /// States an answer.
    public init(index: Int, file: String, label: Int, top5: [Int], loss: Double) {
      self.index = index
      self.file = file
      self.label = label
      self.top5 = top5
      self.loss = loss
    }
  }

  /// Under which rules it was evaluated.
  public struct Rules: Sendable, Equatable {
    /// As in `per-image`.
    public var name: String
    /// The rules in words.
    public var words: String
    /// The way of evaluating as records name it: `per-image`, or as in `batch 32, file order`.
    public var evaluation: String
    /// SHA-256 of the rules; results can be compared if theirs are equal.
    public var digest: String
    /// The dataset, as in `imagenet-1k`.
    public var dataset: String
    /// The split.
    public var split: String
    /// Samples of the split.
    public var count: Int
    /// Height and width of the network's input.
    public var size: SpatialSize
    /// What was set otherwise than the protocol has it, as `EvaluationProtocol.overrides`.
    public var overrides: [String]
    /// What a picture's shorter side was resized to, and the side of the middle square.
    public var picture: Picture?
    /// What was assumed of data and preprocessing, as `EvaluationHeader.notes`.
    public var notes: [String]

    /// Two sides in pixels.
    public struct Picture: Sendable, Equatable {
      /// What the shorter side was resized to.
      public var shorterSide: Int
      /// The side of the middle square.
      public var side: Int

      /// Names both.
      public init(shorterSide: Int, side: Int) {
        self.shorterSide = shorterSide
        self.side = side
      }
    }

    /// States rules.
    public init(
      name: String, words: String, evaluation: String, digest: String, dataset: String,
      split: String, count: Int, size: SpatialSize, picture: Picture?, overrides: [String] = [],
      notes: [String] = []
    ) {
      self.name = name
      self.words = words
      self.evaluation = evaluation
      self.digest = digest
      self.dataset = dataset
      self.split = split
      self.count = count
      self.size = size
      self.picture = picture
      self.overrides = overrides
      self.notes = notes
    }

    /// Whether the network ran at another T or extent than its own.
    var isOfOtherNetwork: Bool {
      overrides.contains { ["time_steps", "image_size"].contains($0) }
    }
  }

  /// An energy under a convention, and what it was measured on.
  public struct Energy: Sendable, Equatable {
    /// The convention's name.
    public var convention: String
    /// Where it is defined.
    public var source: String
    /// What an operation was charged with.
    public var costs: EnergyCosts
    /// On what it was measured, if not on the samples of the evaluation.
    public var measuredOn: String?
    /// The whole of one sample.
    public var whole: Amount
    /// By part of the network.
    public var parts: [(name: String, amount: Amount)]

    /// Operations and their energy.
    public struct Amount: Sendable, Equatable {
      /// Accumulates.
      public var accumulates: Double
      /// Multiply-accumulates.
      public var multiplyAccumulates: Double
      /// Energy in millijoules.
      public var millijoules: Double
    }

    /// Whether all members are equal.
    public static func == (left: Energy, right: Energy) -> Bool {
      (left.convention, left.source, left.costs, left.measuredOn)
        == (right.convention, right.source, right.costs, right.measuredOn)
        && left.whole == right.whole && left.parts.map(\.name) == right.parts.map(\.name)
        && left.parts.map(\.amount) == right.parts.map(\.amount)
    }
  }

  /// What the model is called: the zoo entry's name, or the first digits of the model-id.
  public var name: String
  /// The model-id.
  public var modelID: String
  /// The weights-id.
  public var weightsID: String
  /// The configuration, as it was run.
  public var configuration: ModelConfiguration
  /// Under which rules.
  public var rules: Rules
  /// The answers, in the order of the evaluation.
  public var answers: [Answer]
  /// How many of them each reference batch has.
  public var batchSizes: [Int]
  /// Samples that could not be read, and why.
  public var excluded: [(file: String, reason: String)]
  /// Exact counts.
  public var activity: ActivityCounter
  /// Energies, by convention.
  public var energies: [Energy]
  /// What depends on time and machine.
  public var environment: [(name: String, value: String)]
  /// The zoo's entry of the model.
  public var entry: ZooEntry?
  /// The names of the classes by index; empty if unknown.
  public var classNames: [String]

  /// Bundles what is known.
  public init(
    name: String, modelID: String, weightsID: String, configuration: ModelConfiguration,
    rules: Rules, answers: [Answer], batchSizes: [Int],
    excluded: [(file: String, reason: String)] = [],
    activity: ActivityCounter, energies: [Energy], environment: [(name: String, value: String)],
    entry: ZooEntry?, classNames: [String] = []
  ) {
    self.name = name
    self.modelID = modelID
    self.weightsID = weightsID
    self.configuration = configuration
    self.rules = rules
    self.answers = answers
    self.batchSizes = batchSizes
    self.excluded = excluded
    self.activity = activity
    self.energies = energies
    self.environment = environment
    self.entry = entry
    self.classNames = classNames
  }
}

extension ReportSubject {
  /// Accuracy and loss.
  public var metrics: Metrics { Metrics(answers) }

  /// The mean of batch means, as the released code logs it.
  var lossOfBatches: Double {
    Metrics.lossOfBatches(answers, sizes: batchSizes)
  }

  /// Whether every sample of the split was answered.
  public var isWhole: Bool { answers.count == rules.count }

  /// As in `digits-test`, or `imagenet-1k val`.
  var data: String { rules.split == "all" ? rules.dataset : "\(rules.dataset) \(rules.split)" }

  /// The exact counts as a record.
  var firing: Records.Firing {
    Records.Firing(
      dataset: data, evaluation: rules.name, count: answers.count,
      by: "qkzoo \(FormatVersion.software)", spikes: activity.spikes.mapValues(\.perStep))
  }

  /// A class by its name, or by its index.
  func className(_ label: Int) -> String {
    guard classNames.indices.contains(label), classNames[label] != "\(label)" else {
      return "\(label)"
    }
    return "\(label) \(classNames[label])"
  }
}

extension ReportSubject.Energy {
  /// An estimate from the counts of the evaluation.
  public init(_ estimate: EnergyEstimate) {
    let costs = estimate.costs
    func amount(_ operations: OperationTally) -> Amount {
      Amount(
        accumulates: operations.accumulates, multiplyAccumulates: operations.multiplyAccumulates,
        millijoules: operations.millijoules(costs))
    }
    self.init(
      convention: estimate.convention.rawValue, source: estimate.convention.source,
      costs: costs, measuredOn: nil, whole: amount(estimate.operations),
      parts: estimate.parts.map { ($0.name, amount($0.operations)) })
  }
}
