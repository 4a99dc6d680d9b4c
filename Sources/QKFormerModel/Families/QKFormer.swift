/// QKFormer (Zhou et al., 2024): a hierarchy of stages, each a patch embedding with deformed
/// shortcut (SPEDS) and blocks of Q-K attention or spiking self-attention, and an MLP. Streams add
/// spikes.
struct QKFormer {
  let configuration: QKFormerConfiguration
  var network: GraphBuilder

  mutating func build() {
    var x = network.input
    for (index, stage) in configuration.stages.enumerated() {
      let path = "stage\(index + 1)"
      x = embedding("\(path)/speds", x, PatchEmbedding(configuration, stage: index))
      for number in 0..<stage.blocks { x = block("\(path)/block\(number)", x, stage) }
    }
    network.readout(x, classes: configuration.classes, configuration.readout)
  }

  /// A chain of units, and one more beside its end.
  private mutating func embedding(
    _ path: String, _ x: GraphBuilder.Stream, _ embedding: PatchEmbedding
  ) -> GraphBuilder.Stream {
    network.part = .embedding
    var chain = [x]
    for (index, layer) in embedding.layers.enumerated() {
      let unit = "\(path)/unit\(index)"
      var current = network.convolution(unit, chain[index], channels: layer.channels, kernel: 3)
      if layer.pools { current = network.pool(unit, current) }
      chain.append(network.fire(unit, current))
    }
    let shortcut = unit(
      "\(path)/shortcut", chain[embedding.shortcutStart], embedding.channels,
      stride: embedding.shortcutStride)
    return network.residual(path, chain[chain.count - 1], shortcut)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  private mutating func block(
    _ path: String, _ x: GraphBuilder.Stream, _ stage: QKFormerConfiguration.Stage
  ) -> GraphBuilder.Stream {
    let (attention, mlp) = ("\(path)/attention", "\(path)/mlp")
    network.part = .attention
    let attended = network.mixed(attention, x, stage, scale: configuration.attentionScale)
    let projection = network.projection(attention, attended)
    let mixed = network.residual(
      attention, x,
      network.fire("\(attention)/projection", projection, projectionNeurons(stage)))
    network.part = .mlp
    let hidden = unit(
      "\(mlp)/expansion", mixed, stage.channels * stage.mlpRatio, hasBias: true)
    return network.residual(
      mlp, mixed, unit("\(mlp)/contraction", hidden, stage.channels, hasBias: true))
  }

  /// The group whose scope is configured stands behind self-attention's projection.
  private func projectionNeurons(_ stage: QKFormerConfiguration.Stage) -> Neurons {
    let isScoped = stage.mixer == .ssa
    return Neurons(
      configuration.neurons.unit, role: isScoped ? .selfAttentionProjection : .unit,
      scope: isScoped ? configuration.ssaProjectionScope : .sample, isOverMap: true)
  }

  /// Conv, BN, LIF.
  private mutating func unit(
    _ path: String, _ x: GraphBuilder.Stream, _ channels: Int, stride: Int = 1,
    hasBias: Bool = false
  ) -> GraphBuilder.Stream {
    let current = network.convolution(
      path, x, channels: channels, stride: stride, hasBias: hasBias)
    return network.fire(path, current)
  }
}
