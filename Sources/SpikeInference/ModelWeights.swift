import Diagnostics
public import SpikeTensors
public import SpikingModels

/// One node's convolution and batch normalisation as the forward pass needs them.
///
/// Batch normalisation and the convolution's bias become `X = fma(acc, scale, shift)` with
/// `scale = gamma / sqrt(var + eps)` and `shift = (bias - mean) scale + beta`, computed in float64
/// and rounded once. The stored weights are never changed.
public struct ConvolutionWeights: Sendable {
  /// `[O, I, k, k]`, row-major.
  public let weight: [Float]
  /// `[O]`.
  public let scale: [Float]
  /// `[O]`.
  public let shift: [Float]
}

/// A model's parameters, checked and prepared for computing.
public struct ModelWeights: Sendable {
  private let convolutions: [String: ConvolutionWeights]
  /// `[classes, D]`.
  public let headWeight: [Float]
  /// `[classes]`.
  public let headBias: [Float]

  /// Prepares the parameters of a network; `parameters` holds a tensor for every identifying path.
  ///
  /// - Throws: `InferenceFailure` for values outside the numerics contract; `TensorFailure`.
  public init(_ graph: ModelGraph, parameters: [String: Tensor]) throws {
    let reader = ParameterReader(tensors: parameters)
    var convolutions: [String: ConvolutionWeights] = [:]
    var head: (weight: [Float], bias: [Float]) = ([], [])
    for node in graph.nodes {
      switch node.operation {
      case .convolution(let convolution):
        convolutions[node.path] = try reader.convolution(node.path, convolution)
      case .classifier:
        head = (try reader.floats(node.path + "/weight"), try reader.floats(node.path + "/bias"))
      default: break
      }
    }
    self.convolutions = convolutions
    (headWeight, headBias) = head
  }

  /// The weights of the convolution of a path; one of another network is a programming error.
  public subscript(path: String) -> ConvolutionWeights {
    guard let weights = convolutions[path] else {
      preconditionFailure("a convolution of another network: \(path)")
    }
    return weights
  }
}

private struct ParameterReader {
  let tensors: [String: Tensor]

  func floats(_ path: String) throws -> [Float] {
    guard let tensor = tensors[path] else { preconditionFailure("no tensor at \(path)") }
    guard tensor.elementType != .f64 else {
      throw InferenceFailure(
        .elementType, at: path, expected: "f32, f16 or bf16", found: "f64")
    }
    let values = try tensor.floats(name: path)
    try checkMagnitudes(values, name: path)
    return values
  }

  func convolution(_ path: String, _ convolution: Convolution) throws -> ConvolutionWeights {
    let gamma = try floats(path + "/bn/weight")
    let beta = try floats(path + "/bn/bias")
    let mean = try floats(path + "/bn/running_mean")
    let variance = try floats(path + "/bn/running_var")
    let bias =
      convolution.hasBias
      ? try floats(path + "/conv/bias") : [Float](repeating: 0, count: convolution.outChannels)
    let epsilon = convolution.normEpsilon
    if let channel = variance.firstIndex(where: { Double($0) + epsilon <= 0 }) {
      throw InferenceFailure(
        .variance, at: "\(path)/bn/running_var[\(channel)]",
        expected: "variance + eps above 0", found: "\(variance[channel])")
    }
    let norm = FoldedNorm(
      gamma: gamma, beta: beta, mean: mean, variance: variance, bias: bias, epsilon: epsilon)
    let (scales, shifts) = (norm.scale.map(Float.init), norm.shift.map(Float.init))
    try checkMagnitudes(scales, name: "\(path)/bn scale")
    try checkMagnitudes(shifts, name: "\(path)/bn shift")
    return ConvolutionWeights(
      weight: try floats(path + "/conv/weight"), scale: scales, shift: shifts)
  }
}

/// Batch normalisation and a convolution's bias as one scale and one shift for each channel, in
/// float64.
package struct FoldedNorm {
  /// `gamma / sqrt(var + eps)`, `[O]`.
  package let scale: [Double]
  /// `(bias - mean) scale + beta`, `[O]`.
  package let shift: [Double]

  /// Folds tensors of `[O]`.
  package init(
    gamma: [Float], beta: [Float], mean: [Float], variance: [Float], bias: [Float], epsilon: Double
  ) {
    let scale = gamma.indices.map {
      Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot()
    }
    self.scale = scale
    shift = gamma.indices.map {
      (Double(bias[$0]) - Double(mean[$0])) * scale[$0] + Double(beta[$0])
    }
  }
}
