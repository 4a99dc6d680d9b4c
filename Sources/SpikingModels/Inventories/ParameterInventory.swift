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
  /// Name in a code base's state dict, as in `patch_embed1.proj_conv.weight`.
  public let upstreamName: String
  /// The canonical shape.
  public let shape: [Int]
  /// The shape in the code base, of this part alone.
  public let upstreamShape: [Int]
  /// What it is for.
  public let role: ParameterRole

  /// The element types it may have.
  public var elementTypes: [ElementType] {
    role == .batchCount ? [.i64] : [.f32, .f16, .bf16, .f64]
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
}

extension Node {
  /// The tensors of the operation, by the ends of their paths, in upstream's order.
  public var parameters: [(name: String, shape: [Int], role: ParameterRole)] {
    switch operation {
    case .convolution(let convolution):
      let perChannel = [convolution.outChannels]
      let bias: [(String, [Int], ParameterRole)] =
        convolution.hasBias ? [("conv/bias", perChannel, .bias)] : []
      return [("conv/weight", convolution.weightShape, .weight)] + bias + [
        ("bn/weight", perChannel, .normScale), ("bn/bias", perChannel, .normShift),
        ("bn/running_mean", perChannel, .normMean), ("bn/running_var", perChannel, .normVariance),
        ("bn/num_batches_tracked", [], .batchCount),
      ]
    case .classifier(let classifier):
      return [
        ("weight", [classifier.classes, classifier.features], .weight),
        ("bias", [classifier.classes], .bias),
      ]
    default: return []
    }
  }
}

extension ModelGraph {
  /// Canonical path of the classifier.
  public static let headPath = "head"

  /// Every tensor of the network, in the order of the forward pass, under the names of a code base.
  func parameters(named names: NameTable) -> [ParameterSpecification] {
    nodes.flatMap { node in
      var modules: [Substring: NameTable.Named] = [:]
      return node.parameters.map { parameter in
        let path = "\(node.path)/\(parameter.name)"
        let end = path.lastIndex(of: "/") ?? path.endIndex
        let module = modules[path[..<end]] ?? names.required(String(path[..<end]))
        modules[path[..<end]] = module
        return ParameterSpecification(
          path: path, upstreamName: module.name + "." + path[end...].dropFirst(),
          shape: parameter.shape, upstreamShape: module.rule.named(parameter.shape),
          role: parameter.role)
      }
    }
  }
}

extension NameTable {
  /// The name of a path of the network that the table is for.
  func required(_ path: String) -> Named {
    guard let named = named(path) else { preconditionFailure("no rule names \(path)") }
    return named
  }
}

extension NetworkPlan {
  /// Every tensor that a checkpoint of this network must hold, in the order of the forward pass.
  public var parameters: [ParameterSpecification] { graph.parameters(named: names) }

  /// The same tensors in the order in which upstream's modules are registered, which is that of its
  /// state dicts: every embedding comes before the first block, but in QKFormer's event models.
  public var registeredParameters: [ParameterSpecification] {
    guard configuration.design.registersEmbeddingsFirst else { return parameters }
    func isEmbedding(_ parameter: ParameterSpecification) -> Bool {
      parameter.path.split(separator: "/").contains("speds")
    }
    return parameters.filter(isEmbedding) + parameters.filter { !isEmbedding($0) }
  }

  /// The tensors as the code base has them, in the order of its state dicts.
  public var namedTensors: [NamedTensor] { NamedTensor.joining(registeredParameters) }

  /// The number of trained parameters, as papers print it.
  public var parameterCount: Int {
    parameters.filter(\.role.isTrained).reduce(0) { $0 + $1.count }
  }
}
