public import Datasets
import Diagnostics
import FileAccess
public import SpikeInference
public import SpikingModels

/// How the answers of two models to the same samples differ; each sample is alone.
public struct AnswerDifference: Sendable {
  /// A sample that the models answer differently.
  public struct Change: Sendable, Equatable {
    /// The sample's name.
    public let name: String
    /// Its class.
    public let label: Int
    /// The answers of the first and of the second model.
    public let answers: [Int]
  }

  /// The dataset and its split.
  public let dataset: String
  /// Samples.
  public let count: Int
  /// Right answers of the first and of the second model.
  public let correct: [Int]
  /// Every sample that is answered differently, in order.
  public let changes: [Change]
  /// Accuracy of the second model minus that of the first, as a share.
  public let difference: Double
  /// 95 % interval of the difference, paired over samples; see `BatchEffect`.
  public let interval: ClosedRange<Double>
  /// Samples of event frames without any event.
  public private(set) var samplesWithoutEvents = 0

  /// Whether the models may be equally accurate.
  public var includesZero: Bool { interval.contains(0) }

  /// Runs both models; each has its own preprocessing of the same samples.
  ///
  /// - Throws: `EvaluationFailure` if a class is unknown to a model; what reading throws;
  ///   `InferenceFailure`.
  public init(
    _ first: (engine: any ForwardPass, samples: SampleLoader),
    _ second: (engine: any ForwardPass, samples: SampleLoader),
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    let samples = first.samples.dataset.samples
    let results = try [first, second].map { model in
      try Self.check(
        samples, classes: model.engine.graph.classifier.classes, at: model.samples.dataset.name)
      return try Classification(model.engine, model.samples, count: 1, progress: progress)
    }
    let answers = results.map { $0.answers.map { $0.candidates[0].label } }
    self.init(
      dataset: first.samples.dataset.name, samples: samples, answers: (answers[0], answers[1]))
    samplesWithoutEvents = results[0].samplesWithoutEvents
  }

  /// Compares answers that are known.
  init(
    dataset: String, samples: [LabelledDataset.Sample], answers: (first: [Int], second: [Int])
  ) {
    let rows = samples.indices.map { index in
      (samples[index], first: answers.first[index], second: answers.second[index])
    }
    let gained = rows.filter { $0.second == $0.0.label && $0.first != $0.0.label }.count
    let lost = rows.filter { $0.second != $0.0.label && $0.first == $0.0.label }.count
    self.dataset = dataset
    count = samples.count
    correct = [answers.first, answers.second].map {
      zip($0, samples).filter { $0 == $1.label }.count
    }
    changes = rows.filter { $0.first != $0.second }.map { sample, first, second in
      Change(name: sample.name, label: sample.label, answers: [first, second])
    }
    difference = Double(gained - lost) / Double(max(samples.count, 1))
    interval = BatchEffect.interval(gained: gained, lost: lost, count: samples.count)
  }

  private static func check(
    _ samples: [LabelledDataset.Sample], classes: Int, at place: String
  ) throws {
    guard let stranger = samples.first(where: { !(0..<classes).contains($0.label) })
    else { return }
    throw EvaluationFailure(
      .fit, at: "\(place) \(stranger.name)", expected: "one of \(classes) classes",
      found: "class \(stranger.label)")
  }
}

extension LabelledDataset {
  /// Labelled samples at a path, whatever holds them: a safetensors file, CIFAR's binary files, or a
  /// folder with a folder of pictures or event frames for each class.
  ///
  /// - Throws: `DatasetFailure`, `EvaluationFailure`, `TensorFileFailure`, `FileFailure`.
  public static func labelled(
    at path: String, for configuration: ModelConfiguration
  ) throws -> LabelledDataset {
    guard Files.isDirectory(path) else { return try LabelledSamples(path: path).dataset() }
    func holds(_ names: String...) -> Bool { names.contains { Files.exists(Files.join(path, $0)) } }
    if holds("test_batch.bin", "cifar-10-batches-bin") { return try cifar10(path) }
    if holds("test.bin", "cifar-100-binary") { return try cifar100(path) }
    if isIDX(path) {
      return try idx(path, classNames: (0..<configuration.classes).map(String.init))
    }
    let name = Files.name(of: path)
    return configuration.input.coding == .direct
      ? try imageFolder(path, name: name) : try eventFrames(path, name: name, split: "all")
  }

  /// Whether samples are pictures, which need preprocessing.
  public func hasPictures() throws -> Bool {
    guard count > 0, case .picture = try content(of: 0) else { return false }
    return true
  }
}
