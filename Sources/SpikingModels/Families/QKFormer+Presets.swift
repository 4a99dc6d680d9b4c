extension QKFormer {
  /// Every published configuration, and the paper's mixer ablations.
  public static let presets: [Preset] =
    imagenet + cifar + events + membraneShortcut + ablations + [spikingJelly]

  private static let imagenet: [Preset] = [
    imagenetPreset(384, heads: 6, timeSteps: 4, size: 224, ["HST-10-384", "QKFormer_10_384"]),
    imagenetPreset(512, heads: 8, timeSteps: 4, size: 224, ["HST-10-512", "QKFormer_10_512"]),
    imagenetPreset(768, heads: 12, timeSteps: 4, size: 224, ["HST-10-768", "QKFormer_10_768"]),
    imagenetPreset(768, heads: 12, timeSteps: 1, size: 224, ["HST-10-768-T1"]),
    imagenetPreset(768, heads: 12, timeSteps: 4, size: 288, ["HST-10-768-288"]),
    imagenetPreset(768, heads: 12, timeSteps: 4, size: 384, ["HST-10-768-384"]),
  ]

  private static func imagenetPreset(
    _ width: Int, heads: Int, timeSteps: Int, size: Int, _ aliases: [String],
    adjust: (inout QKFormer) -> Void = { _ in }
  ) -> Preset {
    func stage(_ channels: Int, _ blocks: Int, _ mixer: Mixer) -> Stage {
      Stage(channels: channels, blocks: blocks, heads: heads, mixer: mixer, mlpRatio: 4)
    }
    var design = QKFormer(
      family: .imagenet,
      stages: [stage(width / 4, 1, .qkta), stage(width / 2, 2, .qkta), stage(width, 7, .ssa)],
      scope: .batch)
    adjust(&design)
    return Preset(
      name: "qkformer-10-\(width)-t\(timeSteps)-r\(size).in1k", aliases: aliases,
      summary: "ImageNet-1K, width \(width), T=\(timeSteps), \(size) pixels",
      configuration: ModelConfiguration(
        design, input: .init(coding: .direct, channels: 3, height: size, width: size),
        timeSteps: timeSteps, classes: 1000))
  }

  private static let cifar: [Preset] = [
    cifarPreset(classes: 10, "cifar10", [.qkta, .qkta, .ssa], "", ["HST-4-384-CIFAR10"]),
    cifarPreset(classes: 100, "cifar100", [.qkta, .qkta, .ssa], "", ["HST-4-384-CIFAR100"]),
  ]

  private static func cifarPreset(
    classes: Int, _ dataset: String, _ mixers: [Mixer], _ variant: String,
    _ aliases: [String]
  ) -> Preset {
    let stages = zip([(96, 1), (192, 1), (384, 2)], mixers).map { size, mixer in
      Stage(channels: size.0, blocks: size.1, heads: 8, mixer: mixer, mlpRatio: 4)
    }
    return Preset(
      name: "qkformer-4-384-t4-r32.\(dataset)\(variant)", aliases: aliases,
      summary: "CIFAR-\(classes), \(mixers.map(\.rawValue).joined(separator: "+"))",
      configuration: ModelConfiguration(
        QKFormer(family: .cifar, stages: stages, scope: scope(mixers)),
        input: .init(coding: .direct, channels: 3, height: 32, width: 32),
        timeSteps: 4, classes: classes))
  }

  private static let events: [Preset] = [
    eventPreset(10, "cifar10dvs", ratio: 1, [.qkta, .ssa], "", ["HST-2-256-CIFAR10-DVS"]),
    eventPreset(11, "dvs128", ratio: 1, [.qkta, .ssa], "", ["HST-2-256-DVS128"]),
    eventPreset(11, "dvs128", ratio: 4, [.qkta, .ssa], "-mlp4", ["HST-2-256-DVS128-mlp4"]),
  ]

  private static func eventPreset(
    _ classes: Int, _ dataset: String, ratio: Int, _ mixers: [Mixer],
    _ variant: String, _ aliases: [String]
  ) -> Preset {
    let stages = zip([128, 256], mixers).map { channels, mixer in
      Stage(channels: channels, blocks: 1, heads: 16, mixer: mixer, mlpRatio: ratio)
    }
    return Preset(
      name: "qkformer-2-256-t16-r128.\(dataset)\(variant)", aliases: aliases,
      summary: "\(dataset), T=16, MLP ratio \(ratio), "
        + mixers.map(\.rawValue).joined(separator: "+"),
      configuration: ModelConfiguration(
        QKFormer(family: .dvs, stages: stages, scope: scope(mixers)),
        input: .init(coding: .eventFrames, channels: 2, height: 128, width: 128),
        timeSteps: 16, classes: classes))
  }

  /// MS-QKFormer, the variant with membrane shortcuts that the authors of MaxFormer trained.
  private static let membraneShortcut: [Preset] = [
    membranePreset(384, heads: 6, timeSteps: 4, ["ms_qk_10-384_T4"]),
    membranePreset(768, heads: 12, timeSteps: 1, ["ms_qk_10-768_T1"]),
  ]

  private static func membranePreset(
    _ width: Int, heads: Int, timeSteps: Int, _ aliases: [String]
  ) -> Preset {
    let preset = imagenetPreset(
      width, heads: heads, timeSteps: timeSteps, size: 224, aliases
    ) { design in
      design.residual = .membraneShortcut
      design.readout = .headThenMean
      design.scope = .sample
    }
    return Preset(
      name: "ms-" + preset.name, aliases: aliases,
      summary: preset.summary + ", membrane shortcuts", configuration: preset.configuration)
  }

  /// SpikingJelly 2.0's constructor `qkformer_10_384`, which has no leak.
  private static let spikingJelly: Preset = {
    let preset = imagenetPreset(
      384, heads: 6, timeSteps: 4, size: 224, ["spikingjelly_qkformer_10_384"]
    ) { design in
      design.scope = .sample
      design.biases = spikingJellyBiases
    }
    return Preset(
      name: preset.name + "-spikingjelly", aliases: preset.aliases,
      summary: preset.summary + ", as SpikingJelly 2.0 has it", configuration: preset.configuration)
  }()

  private static let ablations: [Preset] = ablatedMixers.flatMap { variant, early, late in
    [
      cifarPreset(classes: 100, "cifar100", [early, early, late], variant, []),
      eventPreset(10, "cifar10dvs", ratio: 1, [early, late], variant, []),
    ]
  }

  /// The paper's Table 6: the mixer of the early stages, and of the last.
  private static let ablatedMixers: [(String, Mixer, Mixer)] = [
    ("-qkca-ssa", .qkca, .ssa), ("-qkta-qkca", .qkta, .qkca), ("-ssa", .ssa, .ssa),
    ("-qkca", .qkca, .qkca), ("-qkta", .qkta, .qkta),
  ]

  private static func scope(_ mixers: [Mixer]) -> NeuronScope {
    mixers.contains(.ssa) ? .batch : .sample
  }
}
