import Diagnostics
public import QKFormerModel
public import SpikeTensors

/// One unit's convolution and batch normalisation as the forward pass needs them.
///
/// Batch normalisation and the convolution's bias become `X = fma(acc, scale, shift)` with
/// `scale = gamma / sqrt(var + eps)` and `shift = (bias - mean) scale + beta`, computed in float64
/// and rounded once. The stored weights are never changed.
public struct UnitWeights: Sendable {
  /// `[O, I, k, k]`, row-major.
  public let weight: [Float]
  /// `[O]`.
  public let scale: [Float]
  /// `[O]`.
  public let shift: [Float]
}

/// A model's parameters, checked and prepared for computing.
public struct ModelWeights: Sendable {
  let units: [String: UnitWeights]
  /// `[classes, D]`.
  public let headWeight: [Float]
  /// `[classes]`.
  public let headBias: [Float]

  /// Prepares the parameters of a network; `parameters` holds a tensor for every identifying path.
  ///
  /// - Throws: `InferenceFailure` for values outside the numerics contract; `TensorFailure`.
  public init(_ plan: NetworkPlan, parameters: [String: Tensor]) throws {
    let reader = ParameterReader(tensors: parameters)
    let epsilon = plan.configuration.batchNormEpsilon
    var units: [String: UnitWeights] = [:]
    for unit in plan.units { units[unit.path] = try reader.unit(unit, epsilon: epsilon) }
    self.units = units
    headWeight = try reader.floats(NetworkPlan.headPath + "/weight")
    headBias = try reader.floats(NetworkPlan.headPath + "/bias")
  }

  /// A unit's weights; one of another network is a programming error.
  public subscript(unit: ConvolutionUnit) -> UnitWeights {
    guard let weights = units[unit.path] else {
      preconditionFailure("a unit of another network: \(unit.path)")
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

  func unit(_ unit: ConvolutionUnit, epsilon: Double) throws -> UnitWeights {
    let gamma = try floats(unit.path + "/bn/weight")
    let beta = try floats(unit.path + "/bn/bias")
    let mean = try floats(unit.path + "/bn/running_mean")
    let variance = try floats(unit.path + "/bn/running_var")
    let bias =
      unit.hasBias
      ? try floats(unit.path + "/conv/bias") : [Float](repeating: 0, count: unit.outChannels)
    if let channel = variance.firstIndex(where: { Double($0) + epsilon <= 0 }) {
      throw InferenceFailure(
        .variance, at: "\(unit.path)/bn/running_var[\(channel)]",
        expected: "variance + eps above 0", found: "\(variance[channel])")
    }
    let scale = (0..<unit.outChannels).map { channel in
      Double(gamma[channel]) / (Double(variance[channel]) + epsilon).squareRoot()
    }
    let shift = (0..<unit.outChannels).map { channel in
      (Double(bias[channel]) - Double(mean[channel])) * scale[channel] + Double(beta[channel])
    }
    let (scales, shifts) = (scale.map(Float.init), shift.map(Float.init))
    try checkMagnitudes(scales, name: "\(unit.path)/bn scale")
    try checkMagnitudes(shifts, name: "\(unit.path)/bn shift")
    return UnitWeights(
      weight: try floats(unit.path + "/conv/weight"), scale: scales, shift: shifts)
  }
}
