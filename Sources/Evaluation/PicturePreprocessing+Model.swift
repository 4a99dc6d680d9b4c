public import Datasets
import Diagnostics
public import SpikingModels

extension PicturePreprocessing {
  /// What is done with a dataset's pictures before a model of some configuration sees them: grey ones of one
  /// size are padded to the model's square, others go as `init(for:at:)` says.
  ///
  /// - Throws: `EvaluationFailure` if the model takes no such pictures.
  public init(
    for configuration: ModelConfiguration, dataset: LabelledDataset, at place: String
  ) throws {
    let usual = try PicturePreprocessing(for: configuration, at: place)
    guard let extent = dataset.greyExtent else {
      self = usual
      return
    }
    guard configuration.input.channels == 1, let padded = Self(padding: extent, toSide: usual.side)
    else {
      throw EvaluationFailure(
        .fit, at: place,
        expected: "a model of one channel and a square in whose middle \(extent.height) x "
          + "\(extent.width) pixels can stand",
        found: "\(configuration.input.channels) channels of \(usual.side) x \(usual.side)")
    }
    self = padded
  }

  /// What the released code does with a picture before a model of some configuration sees it.
  ///
  /// For grey inputs nothing was released: luma and `x / 255`.
  ///
  /// - Throws: `EvaluationFailure` if the model takes no square pictures.
  public init(for configuration: ModelConfiguration, at place: String) throws {
    let input = configuration.input
    guard input.coding == .direct, input.height == input.width else {
      throw EvaluationFailure(
        .fit, at: place, expected: "a model that takes square pictures",
        found: "one that takes \(input.coding.rawValue) of \(input.height) x \(input.width)")
    }
    let released = configuration.design.releasedPictures
    switch (released, input.channels) {
    case (.imagenet, 3): self = .imagenet(side: input.height)
    case (.cifar, 3): self = .cifar(side: input.height)
    case (_, 1):
      self.init(
        shorterSide: input.height, side: input.height, colours: .grey, normalisation: .scaled)
    default:
      throw EvaluationFailure(
        .fit, at: place, expected: "a model of ImageNet or CIFAR, or of grey pictures",
        found: "family \(released.rawValue), \(input.channels) channels")
    }
  }
}
