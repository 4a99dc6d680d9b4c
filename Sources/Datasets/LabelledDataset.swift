public import Pictures
public import SpikeTensors

/// Labelled samples in a fixed order, each read when it is asked for.
///
/// Names and labels are known from the start; pixels and events stay in their files. Samples may be
/// read by several threads at once.
public struct LabelledDataset: Sendable {
  /// One sample, unread.
  public struct Sample: Sendable, Equatable {
    /// The file, or the place in a file, that holds it.
    public let name: String
    /// The index of its class.
    public let label: Int

    /// Names both.
    public init(name: String, label: Int) {
      self.name = name
      self.label = label
    }
  }

  /// What a sample is before preprocessing.
  public enum Content: Sendable {
    /// A picture.
    case picture(Picture)
    /// Numbers that the network takes as they are: event counts `[T, 2, H, W]`, or an image
    /// `[C, H, W]`.
    case tensor(Tensor)
  }

  /// The extent of every picture of a dataset whose pictures are all grey and of one size.
  public struct GreyExtent: Sendable, Equatable {
    /// Rows.
    public let height: Int
    /// Pixels of a row.
    public let width: Int

    /// Names both.
    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  /// The dataset, as in `imagenet-1k`.
  public let name: String
  /// The split, and by which rule where there are several.
  public let split: String
  /// The classes by index.
  public let classNames: [String]
  /// The samples in order.
  public let samples: [Sample]
  /// What was assumed of the samples and nothing proves, in sentences that name no folder: as that a
  /// file is none of the published ones. Empty where everything is known.
  public let notes: [String]
  /// The extent of every picture where all are grey and of one size: such pictures are never resized.
  public let greyExtent: GreyExtent?
  private let read: @Sendable (Int) throws -> Content

  /// A dataset whose samples `read` gives by index.
  public init(
    name: String, split: String, classNames: [String], samples: [Sample], notes: [String] = [],
    greyExtent: GreyExtent? = nil,
    read: @escaping @Sendable (_ index: Int) throws -> Content
  ) {
    self.name = name
    self.split = split
    self.classNames = classNames
    self.samples = samples
    self.notes = notes
    self.greyExtent = greyExtent
    self.read = read
  }

  /// The split that accuracies are stated of, by dataset.
  public static let testSplits = [
    "imagenet-1k": "val", "cifar10": "test", "cifar100": "test", "cifar10-dvs": CIFAR10DVS.split,
    "dvs128-gesture": GestureTrials.split, "mnist": "test", "fashion-mnist": "test",
    "kmnist": "test",
  ]

  /// How many samples those splits have.
  private static let testCounts = [
    "imagenet-1k": 50_000, "cifar10": 10_000, "cifar100": 10_000, "cifar10-dvs": 1_000,
    "dvs128-gesture": 288, "mnist": 10_000, "fashion-mnist": 10_000, "kmnist": 10_000,
  ]

  /// How many samples a split has as it was published; `nil` if that is not known.
  public static func publishedCount(_ dataset: String, split: String) -> Int? {
    testSplits[dataset] == split ? testCounts[dataset] : nil
  }

  /// The number of samples.
  public var count: Int { samples.count }

  /// Reads a sample.
  ///
  /// - Throws: the failure of what is read: `PictureFailure`, `DatasetFailure`, `FileFailure`, ...
  public func content(of index: Int) throws -> Content { try read(index) }

  /// The same samples with more notes.
  public func adding(notes more: [String]) -> LabelledDataset {
    LabelledDataset(
      name: name, split: split, classNames: classNames, samples: samples, notes: notes + more,
      read: read)
  }

  /// Some of the samples, in the order of the indices.
  public func subset(_ indices: [Int]) -> LabelledDataset {
    let read = read
    return LabelledDataset(
      name: name, split: split, classNames: classNames, samples: indices.map { samples[$0] },
      notes: notes, greyExtent: greyExtent
    ) { try read(indices[$0]) }
  }
}
