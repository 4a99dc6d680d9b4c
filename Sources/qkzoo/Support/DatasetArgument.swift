import ArgumentParser
import Datasets
import Diagnostics
import Digests
import Evaluation
import FileAccess
import ModelZoo
import QKFormerModel
import SpikeInference
import SpikeTensors

/// The datasets that can be named.
enum DatasetName: String, CaseIterable, ExpressibleByArgument {
  case imagenet = "imagenet-1k"
  case cifar10
  case cifar100
  case cifar10DVS = "cifar10-dvs"
  case dvs128 = "dvs128-gesture"
  case mnist
  case fashionMNIST = "fashion-mnist"
  case idx
  case folder
  case samples

  /// Whether samples are pictures.
  var hasPictures: Bool { isIDX || [.imagenet, .cifar10, .cifar100, .folder].contains(self) }

  /// Whether samples are in IDX files.
  var isIDX: Bool { [.mnist, .fashionMNIST, .idx].contains(self) }
}

/// Labelled samples, wherever they are.
struct DatasetArgument: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Which dataset it is (default: the entry's): imagenet-1k, cifar10, cifar100, cifar10-dvs, \
      dvs128-gesture, mnist, fashion-mnist; idx, other IDX files; folder, pictures in a folder for each class; samples, a safetensors file of \
      labelled samples.
      """, valueName: "name"))
  var dataset: DatasetName?

  @Option(
    help: ArgumentHelp(
      "Where it is: a folder, archive or file (default: the entry's test data).",
      valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The class of each picture, for a flat folder, a tar archive or a file of IDX pictures.",
      valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The names of the classes of other IDX files, one in a line.", valueName: "file"))
  var classNames: String?

  /// Whether anything was said of samples.
  var isNamed: Bool { dataset != nil || data != nil || labels != nil || classNames != nil }

  /// A dataset and how a model takes its samples.
  struct Opened {
    let loader: SampleLoader
    /// The SHA-256 of the file that holds it, if one does.
    let file: Digest?
    var dataset: LabelledDataset { loader.dataset }
  }

  /// Opens the dataset; pixels and events stay in their files.
  ///
  /// - Parameters:
  ///   - configuration: as the model will run, time steps and extent included.
  ///   - keepsExtent: whether the extent is the model's own.
  func open(
    _ entry: ZooEntry?, _ configuration: QKFormerConfiguration, _ zoo: ZooOptions,
    skipsBadSamples: Bool = false, keepsExtent: Bool = true
  ) throws -> Opened {
    let name = try name(entry)
    guard labels == nil || name.isIDX || [.imagenet, .folder].contains(name) else {
      throw ValidationError("--labels is for pictures in imagenet-1k, folder and IDX files")
    }
    guard classNames == nil || name == .idx else {
      throw ValidationError("--class-names is for --dataset idx")
    }
    let dataset: LabelledDataset
    let place: String
    if name == .samples {
      guard let samples = try zoo.samples(data, of: entry) else { throw Self.noData }
      place = try samplesPath(entry, zoo)
      if keepsExtent { try Self.check(samples.images.shape, configuration.input, at: place) }
      dataset = try samples.dataset()
    } else {
      guard let data else { throw Self.noData }
      dataset = try read(name, data, configuration)
      place = data
    }
    var preprocessing: PicturePreprocessing?
    if name.hasPictures {
      preprocessing = try .init(for: configuration, dataset: dataset, at: name.rawValue)
      if keepsExtent, let entry { try preprocessing?.follow(entry.preprocessing) }
    }
    return Opened(
      loader: SampleLoader(dataset, preprocessing, skipsBadSamples: skipsBadSamples),
      file: try LabelledDataset.fileDigest(place))
  }

  /// Samples in a file are the network's input, which runs at any size: another one than it was
  /// trained for is most likely the wrong file.
  private static func check(
    _ shape: [Int], _ input: QKFormerConfiguration.Input, at place: String
  ) throws {
    guard shape.suffix(2) != [input.height, input.width] else { return }
    throw InferenceFailure(
      .inputShape, at: place,
      expected: "samples of \(input.height)x\(input.width), the model's input",
      found: shape.suffix(2).map(String.init).joined(separator: "x"))
  }

  private static var noData: ValidationError {
    ValidationError("name the samples by --data, or an entry that has test data")
  }

  private func samplesPath(_ entry: ZooEntry?, _ zoo: ZooOptions) throws -> String {
    if let data { return data }
    guard let entry else { throw Self.noData }
    return try zoo.local().requiredPath(of: .testData, in: entry)
  }

  private func name(_ entry: ZooEntry?) throws -> DatasetName {
    if let dataset { return dataset }
    if data?.hasSuffix(".safetensors") ?? (entry?.file(.testData) != nil) { return .samples }
    if let name = entry.flatMap({ DatasetName(rawValue: $0.datasetName) }) { return name }
    guard let data else { throw Self.noData }
    _ = try Files.stamp(of: data)
    if Files.isDirectory(data), LabelledDataset.isIDX(data) { return .idx }
    throw ValidationError("say by --dataset what \(data) is")
  }

  private func read(
    _ name: DatasetName, _ path: String, _ configuration: QKFormerConfiguration
  ) throws -> LabelledDataset {
    switch name {
    case .imagenet:
      return try pictures(path, name.rawValue, LabelledDataset.imagenetClasses)
    case .folder: return try pictures(path, name.rawValue, configuration.classes)
    case .cifar10: return try .cifar10(path)
    case .cifar100: return try .cifar100(path)
    case .mnist: return try idx(path, as: .mnist)
    case .fashionMNIST: return try idx(path, as: .fashionMNIST)
    case .idx:
      let names = try classNames.map { try ClassNames.read($0, count: configuration.classes) }
      return try .idx(
        path, labels: labels,
        classNames: names ?? (0..<configuration.classes).map(String.init))
    case .cifar10DVS:
      return try LabelledDataset.holdsCIFAR10DVSEvents(path)
        ? .cifar10DVS(path, frames: configuration.timeSteps) : .cifar10DVSFrames(path)
    case .dvs128:
      return try LabelledDataset.holdsGestureTrials(path)
        ? .gesture(path, frames: configuration.timeSteps) : .gestureFrames(path)
    case .samples: preconditionFailure("read before")
    }
  }

  private func idx(_ path: String, as published: PublishedIDX) throws -> LabelledDataset {
    try .idx(path, labels: labels, as: published, classNames: published.classNames)
  }

  private func pictures(_ path: String, _ name: String, _ classes: Int) throws -> LabelledDataset {
    guard let labels else {
      return try .imageFolder(path, name: name, classCount: classes)
    }
    let list = try LabelList(path: labels, classCount: classes)
    return try Files.isDirectory(path)
      ? .flatFolder(path, labels: list, name: name) : .tar(path, labels: list, name: name)
  }
}
