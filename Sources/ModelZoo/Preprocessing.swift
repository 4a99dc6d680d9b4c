import CanonicalJSON
import Diagnostics

/// What is done to a picture or a recording before the network sees it, as the model was trained.
///
/// Corresponds to the evaluation transforms of the released code.
public enum Preprocessing: Sendable, Equatable {
  /// A picture: the shorter side resized, the middle cut out, each channel normalised.
  case image(Image)
  /// A recording of events, as frames of counts: the events are cut into equally many.
  case eventFrames(frames: Int)
  /// A grey picture: rows of zeros above and below, columns of zeros left and right, then `x / 255`.
  case padded(rows: Int, columns: Int)
  /// Nothing: the dataset's samples are the network's input.
  case none

  /// The steps for a picture.
  public struct Image: Sendable, Equatable {
    /// Length of the shorter side after resizing, in pixels.
    public let resize: Int
    /// Side of the square that is cut out, in pixels.
    public let crop: Int
    /// As in `bicubic`: Pillow's, horizontal pass first.
    public let interpolation: String
    /// Mean of each channel, on the scale from 0 to 1.
    public let mean: [Double]
    /// Standard deviation of each channel, on the scale from 0 to 1.
    public let deviation: [Double]
    /// `torchvision` divides by 255 first; `timm` subtracts 255 times the mean.
    public let arithmetic: String
  }
}

extension Preprocessing {
  init(_ members: inout Members) throws {
    let kind = try members.need("kind", \.string)
    switch kind {
    case "image": self = .image(try Image(&members))
    case "event_frames": self = .eventFrames(frames: try members.need("frames", \.int))
    case "padded":
      self = .padded(
        rows: try members.need("rows", \.int), columns: try members.need("columns", \.int))
    case "none": self = .none
    default:
      throw ZooFailure(
        .entry, at: members.place, expected: "kind image, event_frames, padded or none",
        found: kind)
    }
  }

  /// One line.
  public var text: String {
    switch self {
    case .image(let image):
      "resize \(image.resize) (\(image.interpolation)), crop \(image.crop), "
        + "mean \(image.mean), deviation \(image.deviation), as \(image.arithmetic) computes it"
    case .eventFrames(let frames): "\(frames) frames of equally many events, counts"
    case .padded(0, 0): "grey as it is, x / 255"
    case .padded(let rows, let columns):
      "grey, \(rows) rows and \(columns) columns of zeros on each side, x / 255"
    case .none: "none: the samples are the network's input"
    }
  }
}

extension Preprocessing.Image {
  fileprivate init(_ members: inout Members) throws {
    func numbers(_ json: JSON) -> [Double]? {
      let values = json.array?.compactMap(\.double)
      return values?.count == json.array?.count ? values : nil
    }
    resize = try members.need("resize", \.int)
    crop = try members.need("crop", \.int)
    interpolation = try members.need("interpolation", \.string)
    mean = try members.need("mean", numbers)
    deviation = try members.need("deviation", numbers)
    arithmetic = try members.need("arithmetic", \.string)
  }
}
