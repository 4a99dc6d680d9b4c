public import Datasets
import Diagnostics
import FileAccess
public import SpikeTensors
import SpikingModels
import TensorFiles

/// A small labelled dataset in one safetensors file.
///
/// Tensors: `labels`, i64 `[n]`, and one of
/// - `images`, u8 `[n, C, H, W]`, with metadata `preprocessing`, which is `x / D`: the float32
///   quotient of the byte and the number D;
/// - `frames`, u8 `[n, T, C, H, W / 8]`: event frames of zeros and ones, one bit for each pixel of a
///   row, least significant first.
///
/// Corresponds to the export scripts of `zoo/recipes`.
public struct LabelledSamples: Sendable {
  /// Name of the dataset and split.
  public let name: String
  /// `[n, C, H, W]`, f32, or event frames `[n, T, C, H, W]`, u8.
  public let images: Tensor
  /// `[n]`.
  public let labels: [Int]

  /// The number of samples.
  public var count: Int { labels.count }

  /// Reads a file; the dataset is called as the file without its suffix, unless a name is given.
  ///
  /// - Throws: `EvaluationFailure`, `TensorFileFailure`, `FileFailure`.
  public init(path: String, name: String? = nil) throws {
    let file = try SafetensorsFile(ByteRegion(try MappedFile(path: path)), at: path)
    labels = try Self.labels(file, path)
    images =
      file.tensors["frames"] == nil
      ? try Self.images(file, count: labels.count, path)
      : try Self.frames(file, count: labels.count, path)
    self.name = Self.name(ofFile: name ?? path)
  }

  /// What the dataset in a file is called: as the file, without its suffix.
  public static func name(ofFile path: String) -> String {
    let name = Files.name(of: path)
    return name.split(separator: ".").first.map(String.init) ?? name
  }

  /// No dataset has more classes.
  public static let mostClasses = 1_000_000

  private static func labels(_ file: SafetensorsFile, _ path: String) throws -> [Int] {
    let labels = try file.tensor("labels", at: path).integers(name: "\(path) labels")
    if let wrong = labels.first(where: { !(0..<mostClasses).contains($0) }) {
      throw EvaluationFailure(
        .data, at: "\(path) labels", expected: "classes from 0 to below \(mostClasses)",
        found: "\(wrong)")
    }
    return labels
  }

  private static func images(
    _ file: SafetensorsFile, count: Int, _ path: String
  ) throws -> Tensor {
    let raw = try checked(file, "images", ["C", "H", "W"], count: count, path)
    let divisor = try divisor(file.metadata["preprocessing"], path)
    return Tensor(raw.shape, try raw.floats(name: "\(path) images").map { $0 / divisor })
  }

  private static func frames(
    _ file: SafetensorsFile, count: Int, _ path: String
  ) throws -> Tensor {
    let raw = try checked(file, "frames", ["T", "C", "H", "W / 8"], count: count, path)
    let pixels = raw.bytes.copy().flatMap { byte in (0..<8).map { byte >> $0 & 1 } }
    return Tensor(raw.shape.dropLast() + [raw.shape[4] * 8], pixels)
  }

  /// A tensor of bytes for as many samples as there are labels.
  private static func checked(
    _ file: SafetensorsFile, _ name: String, _ axes: [String], count: Int, _ path: String
  ) throws -> Tensor {
    let raw = try file.tensor(name, at: path)
    guard raw.elementType == .u8, raw.shape.count == axes.count + 1, raw.shape[0] == count,
      raw.shape.allSatisfy({ $0 > 0 })
    else {
      throw EvaluationFailure(
        .data, at: path,
        expected: "\(name) u8 [n, \(axes.joined(separator: ", "))] and as many labels",
        found: "\(raw.elementType) \(raw.shape), \(count) labels")
    }
    return raw
  }

  private static func divisor(_ preprocessing: String?, _ path: String) throws -> Float {
    let text = preprocessing ?? ""
    guard text.hasPrefix("x / "), let divisor = Float(text.dropFirst(4)), divisor > 0 else {
      throw EvaluationFailure(
        .data, at: "\(path) metadata preprocessing", expected: "`x / D`",
        found: preprocessing ?? "nothing")
    }
    return divisor
  }

  /// The same samples, to be read one by one.
  ///
  /// - Throws: `TensorFailure`.
  public func dataset() throws -> LabelledDataset {
    let width = images.count / count
    let shape = Array(images.shape.dropFirst())
    let values = try images.floats(name: name)
    return LabelledDataset(
      name: name, split: "all", classNames: (0...(labels.max() ?? 0)).map(String.init),
      samples: labels.enumerated().map { .init(name: "\(name):\($0)", label: $1) }
    ) { index in
      .tensor(Tensor(shape, Array(values[index * width..<(index + 1) * width])))
    }
  }
}
