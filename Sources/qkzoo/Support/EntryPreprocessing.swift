import Datasets
import Diagnostics
import Evaluation
import ModelZoo
import SpikingModels

extension PicturePreprocessing {
  /// Takes the steps that an entry names; zeros around a picture must be as many as it says.
  ///
  /// - Throws: `EvaluationFailure`.
  mutating func follow(_ entry: Preprocessing) throws {
    switch (entry, framing) {
    case (.image(let image), .resized): self = try PicturePreprocessing(image)
    case (.padded(let rows, let columns), .padded)
    where framing != .padded(rows: rows, columns: columns):
      throw EvaluationFailure(
        .fit, at: "the entry's preprocessing", expected: entry.text, found: summary)
    default: break
    }
  }

  /// The steps that an entry names.
  init(_ image: Preprocessing.Image) throws {
    let isTimm = image.arithmetic == "timm"
    guard image.interpolation == "bicubic", isTimm || image.arithmetic == "torchvision",
      1 <= image.crop, image.crop <= image.resize, image.resize <= 1 << 14,
      image.mean.count == 3, image.deviation.count == 3
    else {
      throw EvaluationFailure(
        .fit, at: "the entry's preprocessing",
        expected: "a bicubic resize, a crop inside it, and three means and deviations",
        found: Preprocessing.image(image).text)
    }
    self.init(
      shorterSide: image.resize, side: image.crop, colours: .rgb,
      normalisation: isTimm
        ? .standardisedBytes(mean: image.mean, deviation: image.deviation)
        : .standardised(mean: image.mean, deviation: image.deviation))
  }
}

extension PicturePreprocessing {
  /// What an entry says of pictures, else what the released code does for a model of some
  /// configuration, and a note that says so. Grey pictures of one size have only one way.
  static func steps(
    for configuration: ModelConfiguration, dataset: LabelledDataset? = nil, entry: ZooEntry?,
    at place: String
  ) throws -> (steps: PicturePreprocessing, note: String?) {
    if let dataset, dataset.greyExtent != nil {
      var steps = try PicturePreprocessing(for: configuration, dataset: dataset, at: place)
      if let entry { try steps.follow(entry.preprocessing) }
      return (steps, nil)
    }
    if case .image(let image) = entry?.preprocessing { return (try .init(image), nil) }
    let steps = try PicturePreprocessing(for: configuration, at: place)
    return (
      steps,
      "no entry states the preprocessing; taken is the default of family "
        + "\(configuration.design.releasedPictures.rawValue): \(steps.summary)"
    )
  }
}
