import Diagnostics
public import SpikeTensors
public import SpikingModels

/// Samples to run, checked against a configuration.
///
/// Corresponds to `[B, C, H, W]` for direct coding and `[B, T, C, H, W]` for event frames.
public struct InputBatch: Sendable {
  /// No axis is longer.
  public static let extentLimit = 1 << 20

  /// Samples *B*.
  public let batch: Int
  /// Frames of one sample: 1 for direct coding, *T* for event frames.
  public let frames: Int
  /// Channels of a frame.
  public let channels: Int
  /// Height and width of a frame.
  public let size: SpatialSize
  /// `[B, frames, C, H, W]`.
  let values: [Float]

  /// Reads a tensor as input of a network; `name` is the place named in errors.
  ///
  /// The extent may differ from the graph's.
  ///
  /// - Throws: `InferenceFailure` for a wrong shape or a value out of range; `TensorFailure`.
  public init(_ tensor: Tensor, for graph: ModelGraph, name: String) throws {
    let isDirect = graph.inputCoding == .direct
    channels = graph.inputShape.channels
    let lead = (isDirect ? [] : [graph.timeSteps]) + [channels]
    let shape = tensor.shape
    guard shape.count == lead.count + 3, Array(shape[1...lead.count]) == lead,
      shape.allSatisfy({ (1...Self.extentLimit).contains($0) })
    else {
      let wanted = lead.map(String.init).joined(separator: ", ")
      throw InferenceFailure(
        .inputShape, at: name, expected: "[B, \(wanted), H, W]", found: "\(shape)")
    }
    try Self.checkArea(SpatialSize(ofInput: shape), graph, name)
    // Bytes are pixels that still need their preprocessing, unless they count events.
    guard tensor.elementType.isFloatingPoint || !isDirect else {
      throw InferenceFailure(
        .elementType, at: name, expected: "preprocessed pixels as f32, f16 or bf16",
        found: tensor.elementType.rawValue)
    }
    batch = shape[0]
    frames = graph.inputFrames
    size = SpatialSize(ofInput: shape)
    values = try tensor.floats(name: name)
    try checkMagnitudes(values, name: name)
  }

  /// Attention multiplies a head's channels by tokens, of which there are at most as many as pixels, in
  /// 32-bit integers.
  private static func checkArea(_ size: SpatialSize, _ graph: ModelGraph, _ name: String) throws {
    let most = Int(Int32.max) / graph.headChannels
    guard size.count <= most else {
      throw InferenceFailure(
        .inputShape, at: name, expected: "at most \(most) pixels of this model",
        found: "\(size.height) x \(size.width)")
    }
  }

  private init(_ other: InputBatch, samples: Range<Int>) {
    batch = samples.count
    frames = other.frames
    channels = other.channels
    size = other.size
    let count = frames * channels * size.count
    values = Array(other.values[samples.lowerBound * count..<samples.upperBound * count])
  }

  /// Some consecutive samples.
  public func samples(_ range: Range<Int>) -> InputBatch { InputBatch(self, samples: range) }

  /// The input as a map `[frames, B, N, C]`.
  func currents() -> CurrentMap {
    var map = CurrentMap(
      repeating: 0, timeSteps: frames, batch: batch, size: size, channels: channels)
    for b in 0..<batch {
      for frame in 0..<frames {
        for channel in 0..<channels {
          let source = ((b * frames + frame) * channels + channel) * size.count
          for token in 0..<size.count {
            let target = map.offset(frame: frame * batch + b, token: token) + channel
            map.values[target] = values[source + token]
          }
        }
      }
    }
    return map
  }
}

/// Requires every value to be finite and below 2^64 in magnitude (numerics contract, version 1).
func checkMagnitudes(_ values: [Float], name: String) throws {
  let limit = Float(sign: .plus, exponent: 64, significand: 1)
  guard let index = values.firstIndex(where: { !($0.magnitude < limit) }) else { return }
  throw InferenceFailure(
    .magnitude, at: "\(name) element \(index)", expected: "a finite value below 2^64",
    found: "\(values[index])")
}
