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
  private enum Kind: String, CaseIterable {
    case image
    case eventFrames = "event_frames"
    case padded, none
  }

  init(json: JSON, at place: String, unknown: inout [String]) throws {
    // The kind decides which members there are.
    var others: [String] = []
    let kind: Kind = try ZooMembers(json, at: place, required: ["kind"], unknown: &others)
      .choice("kind")
    switch kind {
    case .image: self = .image(try Image(json: json, at: place, unknown: &unknown))
    case .eventFrames:
      let members = try ZooMembers(
        json, at: place, required: ["kind", "frames"], unknown: &unknown)
      self = .eventFrames(frames: try members.int("frames"))
    case .padded:
      let members = try ZooMembers(
        json, at: place, required: ["kind", "rows", "columns"], unknown: &unknown)
      self = .padded(rows: try members.int("rows"), columns: try members.int("columns"))
    case .none:
      self = .none
      unknown += others
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
  fileprivate init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place,
      required: ["kind", "resize", "crop", "interpolation", "mean", "deviation", "arithmetic"],
      unknown: &unknown)
    func numbers(_ json: JSON) -> [Double]? {
      let values = json.array?.compactMap(\.double)
      return values?.count == json.array?.count ? values : nil
    }
    resize = try members.int("resize")
    crop = try members.int("crop")
    interpolation = try members.string("interpolation")
    mean = try members.value("mean", "numbers", numbers)
    deviation = try members.value("deviation", "numbers", numbers)
    arithmetic = try members.string("arithmetic")
  }
}
