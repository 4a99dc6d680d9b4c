import ArgumentParser
import Datasets
import Diagnostics
import Digests
import Evaluation
import FileAccess
import ModelZoo
import SpikeInference
import SpikeTensors
import SpikingModels

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
      dvs128-gesture, mnist, fashion-mnist; idx, other IDX files; folder, pictures in a folder for \
      each class; samples, a safetensors file of labelled samples.
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
      "The names of the classes by index, one in a line: of the class folders for --dataset folder "
        + "(default: the entry's labels, if the folders have their names), or of other IDX files.",
      valueName: "file"))
  var classNames: String?

  /// Whether anything was said of samples.
  var isNamed: Bool { dataset != nil || data != nil || labels != nil || classNames != nil }

  /// A dataset and how a model takes its samples.
  struct Opened {
    let loader: SampleLoader
    /// The SHA-256 of the file that holds it, if one does.
    let file: Digest?
    /// The classes by index, where folders name them; else empty.
    let classes: [String]
    var dataset: LabelledDataset { loader.dataset }

    /// Says which folder is which class, and what was assumed.
    func announce() {
      if !classes.isEmpty {
        StandardError.print("qkzoo: classes: \(Self.list(classes))")
      }
      Notes.print(dataset.notes)
    }

    /// As in `0 circle, 1 square, 2 triangle`.
    private static func list(_ classes: [String]) -> String {
      let shown = classes.prefix(20).enumerated().map { "\($0) \($1)" }.joined(separator: ", ")
      return classes.count > 20 ? "\(shown), and \(classes.count - 20) more" : shown
    }
  }

  /// Opens the dataset and says what was assumed of it; pixels and events stay in their files.
  ///
  /// - Parameters:
  ///   - configuration: as the model will run, time steps and extent included.
  ///   - keepsExtent: whether the extent is the model's own.
  func open(
    _ entry: ZooEntry?, _ configuration: ModelConfiguration, _ zoo: ZooOptions,
    skipsBadSamples: Bool = false, keepsExtent: Bool = true
  ) throws -> Opened {
    let name = try name(entry)
    guard labels == nil || name.isIDX || [.imagenet, .folder].contains(name) else {
      throw ValidationError("--labels is for pictures in imagenet-1k, folder and IDX files")
    }
    guard classNames == nil || name == .idx || (name == .folder && labels == nil) else {
      throw ValidationError("--class-names is for --dataset idx, and for folder without --labels")
    }
    var dataset: LabelledDataset
    let place: String
    if name == .samples {
      guard let samples = try zoo.samples(data, of: entry) else { throw Self.noData }
      place = try samplesPath(entry, zoo)
      if keepsExtent { try Self.check(samples.images.shape, configuration.input, at: place) }
      dataset = try samples.dataset()
    } else {
      guard let data else { throw Self.noData }
      dataset = try read(name, data, configuration, known: zoo.classNames(of: entry))
      place = data
    }
    var preprocessing: PicturePreprocessing?
    if name.hasPictures {
      let (steps, note) = try PicturePreprocessing.steps(
        for: configuration, dataset: dataset, entry: keepsExtent ? entry : nil, at: name.rawValue)
      preprocessing = steps
      dataset = dataset.adding(notes: [note].compactMap { $0 })
    }
    let opened = Opened(
      loader: SampleLoader(dataset, preprocessing, skipsBadSamples: skipsBadSamples),
      file: try LabelledDataset.fileDigest(place),
      classes: name == .folder ? dataset.classNames : [])
    opened.announce()
    return opened
  }

  /// Samples in a file are the network's input, which runs at any size: another one than it was
  /// trained for is most likely the wrong file.
  private static func check(
    _ shape: [Int], _ input: ModelConfiguration.Input, at place: String
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
}
