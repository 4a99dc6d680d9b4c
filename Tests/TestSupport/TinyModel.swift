import CanonicalJSON
public import CheckpointFormat
import FileAccess
public import QKFormerModel
public import SpikeTensors

/// Small models with random weights that spike.
public enum TinyModel {
  /// A configuration of some family; scope `sample` unless said otherwise.
  public static func configuration(
    _ family: QKFormerConfiguration.Family = .cifar,
    mixers: [QKFormerConfiguration.Mixer] = [.qkta, .ssa], blocks: Int = 1,
    scope: NeuronScope = .sample, size: Int = 16
  ) -> QKFormerConfiguration {
    let stages = mixers.enumerated().map { index, mixer in
      QKFormerConfiguration.Stage(
        channels: 16 << index, blocks: blocks, heads: 4, mixer: mixer, mlpRatio: 2)
    }
    let isDVS = family == .dvs
    // Event models reduce sixteenfold; a quarter of that leaves something to attend to.
    let size = isDVS ? 3 * size : size
    return .released(
      family: family,
      input: .init(
        coding: isDVS ? .eventFrames : .direct, channels: isDVS ? 2 : 3, height: size, width: size),
      timeSteps: 3, classes: 5, stages: stages, scope: scope)
  }

  /// A configuration with membrane shortcuts; with `ratio` 1 the MLPs have an inner shortcut.
  public static func membrane(
    _ family: QKFormerConfiguration.Family = .cifar,
    mixers: [QKFormerConfiguration.Mixer] = [.qkta, .ssa], blocks: Int = 1, ratio: Int = 2,
    readout: QKFormerConfiguration.Readout = .meanThenHead, size: Int = 16
  ) -> QKFormerConfiguration {
    var configuration = configuration(family, mixers: mixers, blocks: blocks, size: size)
    configuration.residual = .membraneShortcut
    configuration.readout = readout
    configuration.innerMLPShortcut = ratio == 1
    for index in configuration.stages.indices { configuration.stages[index].mlpRatio = ratio }
    return configuration
  }

  /// Random parameters for a configuration, the same in every run.
  public static func parameters(
    _ configuration: QKFormerConfiguration, seed: UInt64 = 1
  ) -> [String: Tensor] {
    var random = RepeatableRandom(seed: seed)
    var tensors: [String: Tensor] = [:]
    // Membranes add up: with weights of either sign neurons neither always fire nor never.
    let weights: ClosedRange<Float> =
      configuration.residual == .spikeAddition ? -0.5...0.65 : -0.8...0.8
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
    _ configuration: QKFormerConfiguration = configuration(), seed: UInt64 = 1
  ) -> Checkpoint {
    Checkpoint(
      configuration: configuration, parameters: parameters(configuration, seed: seed),
      provenance: { ["schema": "qkzoo.provenance/1", "source": "random weights"] })
  }

  /// Random input for a configuration.
  public static func input(
    _ configuration: QKFormerConfiguration, batch: Int, height: Int? = nil, width: Int? = nil,
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
