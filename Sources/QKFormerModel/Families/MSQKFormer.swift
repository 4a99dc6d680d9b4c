/// MS-QKFormer: QKFormer whose streams are membranes. A shortcut adds what convolutions give, and
/// every convolution but the first reads spikes that neurons make of a membrane right before it.
struct MSQKFormer {
  let configuration: QKFormerConfiguration
  var network: GraphBuilder

  mutating func build() {
    var x = network.input
    for (index, stage) in configuration.stages.enumerated() {
      let path = "stage\(index + 1)"
      x = embedding("\(path)/speds", x, PatchEmbedding(configuration, stage: index))
      for number in 0..<stage.blocks { x = block("\(path)/block\(number)", x, stage) }
    }
    network.part = .head
    let mean = network.mean("head/mean_tokens", x, over: [.tokens])
    network.readout(
      network.fire("head", mean), classes: configuration.classes, configuration.readout)
  }

  /// A chain of units; the shortcut reads the spikes that one of them reads.
  private mutating func embedding(
    _ path: String, _ x: GraphBuilder.Stream, _ embedding: PatchEmbedding
  ) -> GraphBuilder.Stream {
    network.part = .embedding
    var membrane = x
    var read: [GraphBuilder.Stream] = []
    for (index, layer) in embedding.layers.enumerated() {
      let unit = "\(path)/unit\(index)"
      let isInput = membrane.node == network.input.node
      let spikes = isInput ? membrane : network.fire(unit, membrane)
      read.append(spikes)
      membrane = network.convolution(unit, spikes, channels: layer.channels, kernel: 3)
      if layer.pools { membrane = network.pool(unit, membrane) }
    }
    let shortcut = network.convolution(
      "\(path)/shortcut", read[embedding.shortcutStart], channels: embedding.channels,
      stride: embedding.shortcutStride)
    return network.residual(path, membrane, shortcut)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  private mutating func block(
    _ path: String, _ x: GraphBuilder.Stream, _ stage: QKFormerConfiguration.Stage
  ) -> GraphBuilder.Stream {
    let attention = "\(path)/attention"
    network.part = .attention
    let spikes = network.fire("\(attention)/input", x)
    let attended = network.mixed(attention, spikes, stage, scale: configuration.attentionScale)
    let mixed = network.residual(attention, x, network.projection(attention, attended))
    return mlp("\(path)/mlp", mixed, stage)
  }

  /// `x + mlp(x)`; with an inner shortcut `y + contraction(y)` where `y = x + expansion(x)`.
  private mutating func mlp(
    _ path: String, _ x: GraphBuilder.Stream, _ stage: QKFormerConfiguration.Stage
  ) -> GraphBuilder.Stream {
    network.part = .mlp
    let expanded = unit("\(path)/expansion", x, stage.channels * stage.mlpRatio)
    guard configuration.innerMLPShortcut else {
      return network.residual(path, x, unit("\(path)/contraction", expanded, stage.channels))
    }
    let hidden = network.residual(path, x, expanded, name: "inner_add")
    return network.residual(path, hidden, unit("\(path)/contraction", hidden, stage.channels))
  }

  /// LIF, Conv, BN.
  private mutating func unit(
    _ path: String, _ x: GraphBuilder.Stream, _ channels: Int
  ) -> GraphBuilder.Stream {
    let spikes = network.fire(path, x)
    return network.convolution(path, spikes, channels: channels, hasBias: true)
  }
}
