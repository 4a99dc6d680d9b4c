import CanonicalJSON
public import CheckpointFormat
import FileAccess
public import SpikeTensors
public import SpikingModels

extension ModelConfiguration {
  /// The members of a QKFormer, which the configuration must be of.
  public var qkformer: QKFormer {
    get {
      guard let design = design as? QKFormer else { preconditionFailure("no QKFormer") }
      return design
    }
    set { design = newValue }
  }
}

/// Small models with random weights that spike.
public enum TinyModel {
  /// A configuration of some family; scope `sample` unless said otherwise.
  public static func configuration(
    _ family: QKFormer.Family = .cifar,
    mixers: [QKFormer.Mixer] = [.qkta, .ssa], blocks: Int = 1,
    scope: NeuronScope = .sample, size: Int = 16
  ) -> ModelConfiguration {
    let stages = mixers.enumerated().map { index, mixer in
      QKFormer.Stage(
        channels: 16 << index, blocks: blocks, heads: 4, mixer: mixer, mlpRatio: 2)
    }
    let isDVS = family == .dvs
    // Event models reduce sixteenfold; a quarter of that leaves something to attend to.
    let size = isDVS ? 3 * size : size
    return ModelConfiguration(
      QKFormer(family: family, stages: stages, scope: scope),
      input: .init(
        coding: isDVS ? .eventFrames : .direct, channels: isDVS ? 2 : 3, height: size, width: size),
      timeSteps: 3, classes: 5)
  }

  /// A configuration with membrane shortcuts; with `ratio` 1 the MLPs have an inner shortcut.
  public static func membrane(
    _ family: QKFormer.Family = .cifar,
    mixers: [QKFormer.Mixer] = [.qkta, .ssa], blocks: Int = 1, ratio: Int = 2,
    readout: QKFormer.Readout = .meanThenHead, size: Int = 16
  ) -> ModelConfiguration {
    var configuration = configuration(family, mixers: mixers, blocks: blocks, size: size)
    configuration.qkformer.residual = .membraneShortcut
    configuration.qkformer.readout = readout
    configuration.qkformer.innerMLPShortcut = ratio == 1
    for index in configuration.qkformer.stages.indices {
      configuration.qkformer.stages[index].mlpRatio = ratio
    }
    return configuration
  }

  /// Random parameters for a configuration, the same in every run.
  public static func parameters(
    _ configuration: ModelConfiguration, seed: UInt64 = 1
  ) -> [String: Tensor] {
    var random = RepeatableRandom(seed: seed)
    var tensors: [String: Tensor] = [:]
    // Membranes add up: with weights of either sign neurons neither always fire nor never.
    let isMembrane = (configuration.design as? QKFormer)?.residual == .membraneShortcut
    let weights: ClosedRange<Float> = isMembrane ? -0.8...0.8 : -0.5...0.65
    for specification in NetworkPlan(configuration).parameters {
      tensors[specification.path] = tensor(specification, weights: weights, &random)
    }
    return tensors
  }

  private static func tensor(
    _ specification: ParameterSpecification, weights: ClosedRange<Float>,
    _ random: inout RepeatableRandom
  ) -> Tensor {
    func values(_ range: ClosedRange<Float>) -> Tensor {
      Tensor(
        specification.shape,
        (0..<specification.count).map { _ in Float.random(in: range, using: &random) })
    }
    switch specification.role {
    case .weight: return values(weights)
    case .bias, .normMean, .normShift: return values(-0.3...0.5)
    case .normScale: return values(0.8...1.6)
    case .normVariance: return values(0.5...2)
    case .batchCount: return counter(7)
    }
  }

  /// A rank-0 counter.
  public static func counter(_ value: Int64) -> Tensor {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    guard let tensor = try? Tensor(.i64, [], .init(bytes), name: "counter") else {
      preconditionFailure("eight bytes are one i64")
    }
    return tensor
  }

  /// A checkpoint with random parameters and no reference.
  public static func checkpoint(
    _ configuration: ModelConfiguration = configuration(), seed: UInt64 = 1
  ) -> Checkpoint {
    Checkpoint(
      configuration: configuration, parameters: parameters(configuration, seed: seed),
      provenance: { ["schema": "qkzoo.provenance/1", "source": "random weights"] })
  }

  /// Random input for a configuration.
  public static func input(
    _ configuration: ModelConfiguration, batch: Int, height: Int? = nil, width: Int? = nil,
    seed: UInt64 = 2
  ) -> Tensor {
    var random = RepeatableRandom(seed: seed)
    let frames = configuration.input.coding == .direct ? [] : [configuration.timeSteps]
    let shape =
      [batch] + frames
      + [
        configuration.input.channels, height ?? configuration.input.height,
        width ?? configuration.input.width,
      ]
    let count = shape.reduce(1, *)
    return Tensor(shape, (0..<count).map { _ in Float.random(in: -1...2, using: &random) })
  }
}
