extension NetworkPlan {
  /// Lays out the network of a configuration.
  public init(_ configuration: QKFormerConfiguration) {
    let builder = PlanBuilder(configuration: configuration)
    self.configuration = configuration
    stages = configuration.stages.indices.map(builder.stage)
  }
}

private struct PlanBuilder {
  let configuration: QKFormerConfiguration
  var names: UpstreamNames { .of(configuration.family) }

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
    let path = "stage\(stage + 1)/speds"
    let upstream = "patch_embed\(stage + 1)"
    let units = channels.indices.map { index in
      ConvolutionUnit(
        path: "\(path)/unit\(index)", upstreamName: "\(upstream).\(upstreamNames[index])",
        inChannels: inputs[index], outChannels: channels[index], kernel: 3,
        pools: pooling.contains(index))
    }
    let shortcut = ConvolutionUnit(
      path: "\(path)/shortcut", upstreamName: "\(upstream).\(UpstreamNames.embeddingShortcut)",
      inChannels: inputs[shortcutStart], outChannels: channels[channels.count - 1],
      stride: shortcutStride)
    return PatchEmbeddingPlan(units: units, shortcut: shortcut, shortcutStart: shortcutStart)
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
    func unit(_ name: String, _ upstreamName: String, hasBias: Bool = false) -> ConvolutionUnit {
      ConvolutionUnit(
        path: "\(path)/\(name)", upstreamName: "\(upstream).\(upstreamName)",
        inChannels: stage.channels, outChannels: stage.channels, hasBias: hasBias,
        isOverTokens: true)
    }
    return AttentionPlan(
      path: path, upstreamName: upstream, mixer: stage.mixer, channels: stage.channels,
      heads: stage.heads, query: unit("q", "q"), key: unit("k", "k"),
      value: stage.mixer == .ssa ? unit("v", "v") : nil,
      projection: unit("projection", UpstreamNames.attentionProjection, hasBias: true))
  }

  private func mlp(
    _ stage: QKFormerConfiguration.Stage, _ path: String, _ upstream: String
  ) -> MLPPlan {
    let hidden = stage.channels * stage.mlpRatio
    return MLPPlan(
      expansion: ConvolutionUnit(
        path: path + "/expansion", upstreamName: "\(upstream).\(names.expansion)",
        inChannels: stage.channels, outChannels: hidden, hasBias: true),
      contraction: ConvolutionUnit(
        path: path + "/contraction", upstreamName: "\(upstream).\(names.contraction)",
        inChannels: hidden, outChannels: stage.channels, hasBias: true))
  }
}
