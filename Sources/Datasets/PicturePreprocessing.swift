public import CanonicalJSON
import Diagnostics
public import Pictures

/// What makes a picture the input of a network, exact to the last bit.
public struct PicturePreprocessing: Sendable, Equatable {
  /// The channels of the input.
  public enum Colours: String, Sendable {
    /// Red, green, blue.
    case rgb
    /// Luma by ITU-R 601.
    case grey
  }

  /// How a byte x becomes a float32; mean and deviation are by channel, in units of 255.
  public enum Normalisation: Sendable, Equatable {
    /// `x / 255`.
    case scaled
    /// `(x / 255 - mean) / deviation`, each operation rounded.
    ///
    /// Corresponds to torchvision's `ToTensor` and `Normalize`.
    case standardised(mean: [Double], deviation: [Double])
    /// `(x - 255 mean) / (255 deviation)`, each operation rounded; the constants are rounded once.
    ///
    /// Differs from `standardised` by up to 2.4e-7. Corresponds to timm's `PrefetchLoader`.
    case standardisedBytes(mean: [Double], deviation: [Double])
  }

  /// How a picture of any size becomes a square.
  public enum Framing: Sendable, Equatable {
    /// The shorter side is resized to this length, and the middle square cut out.
    case resized(shorterSide: Int)
    /// So many rows of zeros above and below, so many columns left and right: nothing is resized.
    case padded(rows: Int, columns: Int)
  }

  /// How a picture becomes a square.
  public let framing: Framing
  /// The side of that square.
  public let side: Int
  /// The channels.
  public let colours: Colours
  /// The arithmetic on each byte.
  public let normalisation: Normalisation

  /// Describes a preprocessing; `side` is at most `shorterSide`.
  public init(shorterSide: Int, side: Int, colours: Colours, normalisation: Normalisation) {
    precondition(0 < side && side <= shorterSide, "the square lies in the resized picture")
    self.framing = .resized(shorterSide: shorterSide)
    self.side = side
    self.colours = colours
    self.normalisation = normalisation
  }

  /// A grey picture in the middle of a square of zeros, then `x / 255`; `nil` if it is larger than the
  /// square, or cannot stand in its middle.
  public init?(padding picture: LabelledDataset.GreyExtent, toSide side: Int) {
    let (rows, columns) = (side - picture.height, side - picture.width)
    guard min(rows, columns) >= 0, rows.isMultiple(of: 2), columns.isMultiple(of: 2) else {
      return nil
    }
    framing = .padded(rows: rows / 2, columns: columns / 2)
    self.side = side
    colours = .grey
    normalisation = .scaled
  }

  /// The shape of an input, `[C, H, W]`.
  public var shape: [Int] { [colours == .rgb ? 3 : 1, side, side] }

  /// The input that a picture becomes, `[C, H, W]`; `name` stands for the picture in errors.
  ///
  /// - Throws: `DatasetFailure` if zeros are added, and the picture is not of the size that is for.
  public func values(of picture: Picture, name: String = "picture") throws -> [Float] {
    let square = try framed(colours == .rgb ? picture.rgb : picture.grey, name: name)
    let channels = shape[0]
    var values: [Float] = []
    values.reserveCapacity(square.pixels.count)
    for channel in 0..<channels {
      let table = table(channel)
      for pixel in 0..<side * side {
        values.append(table[Int(square.pixels[pixel * channels + channel])])
      }
    }
    return values
  }

  private func framed(_ picture: Picture, name: String) throws -> Picture {
    switch framing {
    case .resized(let shorterSide):
      return picture.resizedSquare(shorterSide: shorterSide, side: side)
    case .padded(let rows, let columns):
      guard (picture.height, picture.width) == (side - 2 * rows, side - 2 * columns) else {
        throw DatasetFailure(
          .sample, at: name,
          expected: "a picture of \(side - 2 * rows) x \(side - 2 * columns), height by width",
          found: "\(picture.height) x \(picture.width)")
      }
      return picture.padded(rows: rows, columns: columns)
    }
  }

  /// The value of every byte in one channel.
  private func table(_ channel: Int) -> [Float] {
    (0..<256).map { byte in
      let x = Float(byte)
      switch normalisation {
      case .scaled: return x / 255
      case .standardised(let mean, let deviation):
        return (x / 255 - Float(mean[channel])) / Float(deviation[channel])
      case .standardisedBytes(let mean, let deviation):
        return (x - Float(mean[channel] * 255)) / Float(deviation[channel] * 255)
      }
    }
  }
}

extension PicturePreprocessing {
  /// ImageNet's, as the released code evaluates: up to 224 pixels a frame of 12.5 % is cut off,
  /// beyond that nothing.
  ///
  /// Corresponds to `imagenet/util/datasets.py`, `build_transform`.
  public static func imagenet(side: Int) -> PicturePreprocessing {
    // The quotient of the released code, with its roundings.
    let shorterSide = side <= 224 ? Int(Double(side) / (224.0 / 256.0)) : side
    return PicturePreprocessing(
      shorterSide: shorterSide, side: side, colours: .rgb,
      normalisation: .standardised(
        mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]))
  }

  /// CIFAR's, as the released code evaluates on a GPU (`isPrefetched`) or as torchvision computes it.
  ///
  /// CIFAR-100 is evaluated with the constants of CIFAR-10. Corresponds to `cifar10/train.py`.
  public static func cifar(side: Int = 32, isPrefetched: Bool = true) -> PicturePreprocessing {
    let mean = [0.4914, 0.4822, 0.4465]
    let deviation = [0.2470, 0.2435, 0.2616]
    return PicturePreprocessing(
      shorterSide: side, side: side, colours: .rgb,
      normalisation: isPrefetched
        ? .standardisedBytes(mean: mean, deviation: deviation)
        : .standardised(mean: mean, deviation: deviation))
  }

  /// One line for people.
  public var summary: String {
    let size =
      switch framing {
      case .resized(side): "bicubic shorter side to \(side)"
      case .resized(let shorterSide):
        "bicubic shorter side to \(shorterSide), middle \(side) x \(side)"
      case .padded(0, 0): "\(side) x \(side) as it is"
      case .padded(let rows, let columns):
        "\(rows) rows and \(columns) columns of zeros on each side to \(side) x \(side)"
      }
    let arithmetic =
      switch normalisation {
      case .scaled: "x / 255"
      case .standardised(let mean, let deviation): "(x / 255 - \(mean)) / \(deviation)"
      case .standardisedBytes(let mean, let deviation):
        "(x - 255 \(mean)) / (255 \(deviation))"
      }
    return "\(colours.rawValue), \(size), \(arithmetic)"
  }

  /// The value as JSON; its canonical text can be hashed.
  ///
  /// Corresponds to `schemas/v1/preprocessing.schema.json`.
  public var json: JSON {
    var members = framing.members
    members["side"] = .integer(side)
    members["colours"] = .string(colours.rawValue)
    members["normalisation"] = normalisation.json
    return .object(members)
  }
}

extension PicturePreprocessing.Framing {
  fileprivate var members: [String: JSON] {
    switch self {
    case .resized(let shorterSide):
      [
        "resampling": "bicubic, rows then columns, 22 bits",
        "shorter_side": .integer(shorterSide),
      ]
    case .padded(let rows, let columns):
      ["padding": ["rows": .integer(rows), "columns": .integer(columns)]]
    }
  }
}

extension PicturePreprocessing.Normalisation {
  fileprivate var json: JSON {
    switch self {
    case .scaled: ["arithmetic": "x / 255"]
    case .standardised(let mean, let deviation):
      Self.json("(x / 255 - mean) / deviation", mean, deviation)
    case .standardisedBytes(let mean, let deviation):
      Self.json("(x - 255 mean) / (255 deviation)", mean, deviation)
    }
  }

  private static func json(_ arithmetic: String, _ mean: [Double], _ deviation: [Double]) -> JSON {
    [
      "arithmetic": .string(arithmetic), "mean": .array(mean.map { .number($0) }),
      "deviation": .array(deviation.map { .number($0) }),
    ]
  }
}
