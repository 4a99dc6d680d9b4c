extension NetworkPlan {
  /// Lays out the network of a configuration; upstream names are those of some code base.
  public init(_ configuration: QKFormerConfiguration, naming: Naming = .released) {
    let builder = PlanBuilder(
      configuration: configuration, names: .of(configuration, naming))
    self.configuration = configuration
    stages = configuration.stages.indices.map(builder.stage)
    headNeuron =
      builder.isMembrane
      ? NeuronSite(path: Self.headPath + "/lif", upstreamName: UpstreamNames.headNeuron) : nil
  }
}

private struct PlanBuilder {
  let configuration: QKFormerConfiguration
  let names: UpstreamNames

  var isMembrane: Bool { configuration.residual == .membraneShortcut }

  func stage(_ index: Int) -> StagePlan {
    let path = "stage\(index + 1)"
    return StagePlan(
      path: path,
      embedding: index == 0 ? firstEmbedding() : laterEmbedding(index),
      blocks: (0..<configuration.stages[index].blocks).map { block(index, $0) })
  }

  /// One row for each family: the channels after each unit, which units pool, where the shortcut
  /// branches off, and its stride.
  private func firstEmbedding() -> PatchEmbeddingPlan {
    let width = configuration.stages[0].channels
    switch configuration.family {
    case .imagenet:
      return embedding(
        0, [width / 2, width, width], pooling: [0, 1], shortcutStart: 1, shortcutStride: 2)
    case .cifar:
      return embedding(0, [width / 2, width], pooling: [], shortcutStart: 1, shortcutStride: 1)
    case .dvs:
      return embedding(
        0, [width / 8, width / 4, width / 2, width], pooling: [1, 2, 3], shortcutStart: 2,
        shortcutStride: 4)
    }
  }

  private func laterEmbedding(_ index: Int) -> PatchEmbeddingPlan {
    let width = configuration.stages[index].channels
    let pooling: Set = configuration.family == .imagenet ? [0] : [1]
    return embedding(index, [width, width], pooling: pooling, shortcutStart: 0, shortcutStride: 2)
  }

  private func embedding(
    _ stage: Int, _ channels: [Int], pooling: Set<Int>, shortcutStart: Int, shortcutStride: Int
  ) -> PatchEmbeddingPlan {
    let input = stage == 0 ? configuration.input.channels : configuration.stages[stage - 1].channels
    let inputs = [input] + channels
    let upstreamNames = stage == 0 ? names.firstEmbedding : names.laterEmbedding
    let shortcutNames = stage == 0 ? names.firstShortcut : names.laterShortcut
    let path = "stage\(stage + 1)/speds"
    let upstream = "patch_embed\(stage + 1)"
    let units = channels.indices.map { index in
      ConvolutionUnit(
        path: "\(path)/unit\(index)", upstreamNames: upstreamNames[index].in(upstream),
        inChannels: inputs[index], outChannels: channels[index], kernel: 3,
        pools: pooling.contains(index), neuron: neuron(stage: stage, unit: index))
    }
    let shortcut = ConvolutionUnit(
      path: "\(path)/shortcut", upstreamNames: shortcutNames.in(upstream),
      inChannels: inputs[shortcutStart], outChannels: channels[channels.count - 1],
      stride: shortcutStride, neuron: isMembrane ? .none : .after)
    return PatchEmbeddingPlan(units: units, shortcut: shortcut, shortcutStart: shortcutStart)
  }

  /// The network's first convolution reads the input itself.
  private func neuron(stage: Int, unit: Int) -> ConvolutionUnit.NeuronPlace {
    guard isMembrane else { return .after }
    return stage == 0 && unit == 0 ? .none : .before
  }

  private func block(_ stage: Int, _ block: Int) -> BlockPlan {
    let path = "stage\(stage + 1)/block\(block)"
    let upstream = "stage\(stage + 1).\(block)"
    return BlockPlan(
      attention: attention(configuration.stages[stage], path, upstream),
      mlp: mlp(configuration.stages[stage], path + "/mlp", upstream + ".mlp"))
  }

  private func attention(
    _ stage: QKFormerConfiguration.Stage, _ blockPath: String, _ blockUpstream: String
  ) -> AttentionPlan {
    let path = blockPath + "/attention"
    let upstream = "\(blockUpstream).\(names.attention(stage.mixer))"
    func unit(
      _ name: String, _ upstreamName: String, hasBias: Bool = false,
      neuron: ConvolutionUnit.NeuronPlace = .after
    ) -> ConvolutionUnit {
      ConvolutionUnit(
        path: "\(path)/\(name)", upstreamNames: UnitNames(upstreamName).in(upstream),
        inChannels: stage.channels, outChannels: stage.channels, hasBias: hasBias,
        isOverTokens: true, neuron: neuron)
    }
    let input = NeuronSite(
      path: path + "/input/lif",
      upstreamName: "\(upstream).\(UpstreamNames.attentionInput(stage.mixer))")
    return AttentionPlan(
      path: path, upstreamName: upstream, mixer: stage.mixer, channels: stage.channels,
      heads: stage.heads, inputNeuron: isMembrane ? input : nil, query: unit("q", "q"),
      key: unit("k", "k"), value: stage.mixer == .ssa ? unit("v", "v") : nil,
      projection: unit(
        "projection", "proj", hasBias: true, neuron: isMembrane ? .none : .after))
  }

  private func mlp(
    _ stage: QKFormerConfiguration.Stage, _ path: String, _ upstream: String
  ) -> MLPPlan {
    let hidden = stage.channels * stage.mlpRatio
    let neuron: ConvolutionUnit.NeuronPlace = isMembrane ? .before : .after
    return MLPPlan(
      expansion: ConvolutionUnit(
        path: path + "/expansion", upstreamNames: names.expansion.in(upstream),
        inChannels: stage.channels, outChannels: hidden, hasBias: true, neuron: neuron),
      contraction: ConvolutionUnit(
        path: path + "/contraction", upstreamNames: names.contraction.in(upstream),
        inChannels: hidden, outChannels: stage.channels, hasBias: true, neuron: neuron),
      hasInnerShortcut: configuration.innerMLPShortcut)
  }
}
