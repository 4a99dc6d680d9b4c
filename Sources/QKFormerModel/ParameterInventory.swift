public import SpikeTensors

/// What a stored tensor is for.
public enum ParameterRole: String, Sendable {
  /// A convolution's or the classifier's weight.
  case weight
  /// A convolution's or the classifier's bias.
  case bias
  /// Batch normalisation's gamma.
  case normScale = "norm_scale"
  /// Batch normalisation's beta.
  case normShift = "norm_shift"
  /// Batch normalisation's running mean.
  case normMean = "norm_mean"
  /// Batch normalisation's running variance.
  case normVariance = "norm_variance"
  /// Batches seen in training; no part of what the model computes.
  case batchCount = "batch_count"

  /// Whether the tensor is trained by gradient and counts as a parameter.
  public var isTrained: Bool { [.weight, .bias, .normScale, .normShift].contains(self) }
  /// Whether the tensor changes what the model computes and enters its identity.
  public var isIdentifying: Bool { self != .batchCount }
}

/// One tensor that a model of some configuration must have.
public struct ParameterSpecification: Sendable {
  /// Canonical path, as in `stage1/speds/unit0/conv/weight`.
  public let path: String
  /// Name in the released code's state dict, as in `patch_embed1.proj_conv.weight`.
  public let upstreamName: String
  /// The shape, exactly as upstream.
  public let shape: [Int]
  /// What it is for.
  public let role: ParameterRole

  /// The element types it may have.
  public var elementTypes: [ElementType] {
    role == .batchCount ? [.i64] : [.f32, .f16, .bf16, .f64]
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
}

extension ConvolutionUnit {
  /// The shape of the weight: `[O, I, 1]` over tokens, else `[O, I, k, k]`.
  public var weightShape: [Int] {
    isOverTokens ? [outChannels, inChannels, 1] : [outChannels, inChannels, kernel, kernel]
  }

  /// The tensors of the convolution and its batch normalisation, in upstream's order.
  public var parameters: [ParameterSpecification] {
    let perChannel = [outChannels]
    let bias = hasBias ? [parameter(.bias, "conv", "bias", perChannel)] : []
    return [parameter(.weight, "conv", "weight", weightShape)] + bias + [
      parameter(.normScale, "bn", "weight", perChannel),
      parameter(.normShift, "bn", "bias", perChannel),
      parameter(.normMean, "bn", "running_mean", perChannel),
      parameter(.normVariance, "bn", "running_var", perChannel),
      parameter(.batchCount, "bn", "num_batches_tracked", []),
    ]
  }

  private func parameter(
    _ role: ParameterRole, _ part: String, _ name: String, _ shape: [Int]
  ) -> ParameterSpecification {
    let upstream = part == "conv" ? upstreamNames.convolution : upstreamNames.norm
    return ParameterSpecification(
      path: "\(path)/\(part)/\(name)", upstreamName: "\(upstream).\(name)",
      shape: shape, role: role)
  }
}

extension BlockPlan {
  /// Its units, in the order of the forward pass.
  var units: [ConvolutionUnit] {
    [attention.query, attention.key] + (attention.value.map { [$0] } ?? [])
      + [attention.projection, mlp.expansion, mlp.contraction]
  }
}

extension NetworkPlan {
  /// Canonical path of the classifier's tensors.
  public static let headPath = "head"

  /// Every unit, in the order of the forward pass.
  public var units: [ConvolutionUnit] {
    stages.flatMap { stage in
      stage.embedding.units + [stage.embedding.shortcut] + stage.blocks.flatMap(\.units)
    }
  }

  /// Every tensor that a checkpoint of this network must hold, in the order of the forward pass.
  public var parameters: [ParameterSpecification] {
    units.flatMap(\.parameters) + headParameters
  }

  private var headParameters: [ParameterSpecification] {
    [
      headParameter(.weight, "weight", [configuration.classes, configuration.width]),
      headParameter(.bias, "bias", [configuration.classes]),
    ]
  }

  /// The same tensors in the order in which upstream's modules are registered, which is that of its
  /// state dicts: every embedding comes before the first block, but in QKFormer's event models.
  public var registeredParameters: [ParameterSpecification] {
    if configuration.family == .dvs, configuration.residual == .spikeAddition { return parameters }
    let embeddings = stages.flatMap { $0.embedding.units + [$0.embedding.shortcut] }
    let blocks = stages.flatMap { $0.blocks.flatMap(\.units) }
    return (embeddings + blocks).flatMap(\.parameters) + headParameters
  }

  private func headParameter(
    _ role: ParameterRole, _ name: String, _ shape: [Int]
  ) -> ParameterSpecification {
    ParameterSpecification(
      path: "\(Self.headPath)/\(name)", upstreamName: "\(UpstreamNames.head).\(name)",
      shape: shape, role: role)
  }

  /// The number of trained parameters, as papers print it.
  public var parameterCount: Int {
    parameters.filter(\.role.isTrained).reduce(0) { $0 + $1.count }
  }
}
