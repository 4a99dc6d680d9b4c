/// The layout of MS-QKFormer: QKFormer whose streams are membranes. A shortcut adds what convolutions
/// give, and every convolution but the first reads spikes that neurons make of a membrane right before
/// it.
struct MSQKFormerLayout: HierarchicalLayout {
  let design: QKFormer

  /// A chain of units; the shortcut reads the spikes that one of them reads.
  func embedding(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ embedding: PatchEmbedding
  ) -> GraphBuilder.Stream {
    var membrane = x
    var read: [GraphBuilder.Stream] = []
    for (index, layer) in embedding.layers.enumerated() {
      let unit = "\(path)/unit\(index)"
      let isInput = membrane.node == network.input.node
      let spikes = isInput ? membrane : network.fire(unit, membrane)
      read.append(spikes)
      membrane = network.convolution(
        unit, spikes, channels: layer.channels, kernel: 3,
        hasBias: design.biases.contains(.embedding))
      if layer.pools { membrane = network.pool(unit, membrane) }
    }
    let shortcut = network.convolution(
      "\(path)/shortcut", read[embedding.shortcutStart], channels: embedding.channels,
      stride: embedding.shortcutStride, hasBias: design.biases.contains(.embedding))
    return network.residual(path, membrane, shortcut)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  func block(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ stage: QKFormer.Stage
  ) -> GraphBuilder.Stream {
    let attention = "\(path)/attention"
    network.part = .attention
    let spikes = network.fire("\(attention)/input", x)
    let attended = network.mixed(attention, spikes, stage, scale: design.attentionScale)
    let mixed = network.residual(
      attention, x,
      network.projection(attention, attended, hasBias: design.biases.contains(.projection)))
    return mlp(&network, "\(path)/mlp", mixed, stage)
  }

  /// The spikes of neurons that read the mean over tokens.
  func features(_ network: inout GraphBuilder, _ x: GraphBuilder.Stream) -> GraphBuilder.Stream {
    let head = ModelGraph.headPath
    return network.fire(head, network.mean("\(head)/mean_tokens", x, over: [.tokens]))
  }

  /// `x + mlp(x)`; with an inner shortcut `y + contraction(y)` where `y = x + expansion(x)`.
  private func mlp(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ stage: QKFormer.Stage
  ) -> GraphBuilder.Stream {
    network.part = .mlp
    let expanded = unit(&network, "\(path)/expansion", x, stage.channels * stage.mlpRatio)
    guard design.innerMLPShortcut else {
      return network.residual(
        path, x, unit(&network, "\(path)/contraction", expanded, stage.channels))
    }
    let hidden = network.residual(path, x, expanded, name: "inner_add")
    return network.residual(
      path, hidden, unit(&network, "\(path)/contraction", hidden, stage.channels))
  }

  /// LIF, Conv, BN.
  private func unit(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream, _ channels: Int
  ) -> GraphBuilder.Stream {
    let spikes = network.fire(path, x)
    return network.convolution(
      path, spikes, channels: channels, hasBias: design.biases.contains(.mlp))
  }
}
