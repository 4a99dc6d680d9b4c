import Diagnostics
import FileAccess
import QKFormerModel
public import SpikeTensors
import TensorFiles

/// A small labelled dataset in one safetensors file.
///
/// Tensors: `images`, u8 `[n, C, H, W]`, and `labels`, i64 `[n]`. Metadata: `preprocessing`, which
/// is `x / D`: the float32 quotient of the byte and the number D.
public struct LabelledSamples: Sendable {
  /// Name of the dataset and split.
  public let name: String
  /// `[n, C, H, W]`, f32.
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
    let raw = try file.tensor("images", at: path)
    labels = try file.tensor("labels", at: path).integers(name: "\(path) labels")
    guard raw.elementType == .u8, raw.shape.count == 4, raw.shape[0] == labels.count,
      !labels.isEmpty
    else {
      throw EvaluationFailure(
        .data, at: path, expected: "images u8 [n, C, H, W] and as many labels",
        found: "\(raw.elementType) \(raw.shape), \(labels.count) labels")
    }
    let divisor = try Self.divisor(file.metadata["preprocessing"], path)
    images = Tensor(raw.shape, try raw.floats(name: "\(path) images").map { $0 / divisor })
    self.name = String(Files.name(of: name ?? path).split(separator: ".")[0])
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

  private init(name: String, images: Tensor, labels: [Int]) {
    self.name = name
    self.images = images
    self.labels = labels
  }

  /// The samples in another order; each index may occur once.
  ///
  /// - Throws: `TensorFailure`.
  public func permuted(_ order: [Int]) throws -> LabelledSamples {
    let width = images.count / count
    let values = try images.floats(name: name)
    return LabelledSamples(
      name: name,
      images: Tensor(
        [order.count] + images.shape.dropFirst(),
        order.flatMap { values[$0 * width..<($0 + 1) * width] }),
      labels: order.map { labels[$0] })
  }
}
