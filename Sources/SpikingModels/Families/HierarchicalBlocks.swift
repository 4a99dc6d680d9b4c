/// A layout of stages, each a patch embedding and blocks, with a readout behind them.
protocol HierarchicalLayout {
  var design: QKFormer { get }

  /// The patch embedding of a stage.
  func embedding(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ embedding: PatchEmbedding
  ) -> GraphBuilder.Stream
  /// A block of a stage.
  func block(
    _ network: inout GraphBuilder, _ path: String, _ x: GraphBuilder.Stream,
    _ stage: QKFormer.Stage
  ) -> GraphBuilder.Stream
  /// What the readout averages.
  func features(_ network: inout GraphBuilder, _ x: GraphBuilder.Stream) -> GraphBuilder.Stream
}

extension HierarchicalLayout {
  func build(_ network: inout GraphBuilder, classes: Int) {
    var x = network.input
    for (index, stage) in design.stages.enumerated() {
      let path = "stage\(index + 1)"
      network.part = .embedding
      x = embedding(&network, "\(path)/speds", x, PatchEmbedding(design, stage: index))
      for number in 0..<stage.blocks {
        x = block(&network, "\(path)/block\(number)", x, stage)
      }
    }
    network.part = .head
    network.readout(features(&network, x), classes: classes, design.readout)
  }
}

// What QKFormer and MS-QKFormer have in common.
extension GraphBuilder {
  /// Q, K and, for self-attention, V of some spikes, and how a stage mixes them: what the projection
  /// reads.
  mutating func mixed(
    _ path: String, _ spikes: Stream, _ stage: QKFormer.Stage, scale: Float
  ) -> Stream {
    let query = overTokens("\(path)/q", spikes)
    let key = overTokens("\(path)/k", spikes)
    switch stage.mixer {
    case .qkta:
      return queryKeyTokenAttention(path, query: query, key: key, heads: stage.heads)
    case .qkca:
      return queryKeyChannelAttention(path, query: query, key: key)
    case .ssa:
      let value = overTokens("\(path)/v", spikes)
      return selfAttention(
        path, query: query, key: key, value: value, heads: stage.heads, scale: scale)
    }
  }

  /// A convolution over tokens, and its neurons.
  private mutating func overTokens(_ path: String, _ x: Stream) -> Stream {
    fire(path, convolution(path, x, channels: channels(x), isOverTokens: true))
  }

  /// The convolution behind an attention.
  mutating func projection(_ attention: String, _ x: Stream, hasBias: Bool) -> Stream {
    convolution(
      "\(attention)/projection", x, channels: channels(x), hasBias: hasBias, isOverTokens: true)
  }

  /// Counts averaged over tokens and steps, and the classifier, in the configured order.
  mutating func readout(
    _ x: Stream, classes: Int, _ readout: QKFormer.Readout
  ) {
    let path = ModelGraph.headPath
    let averagesSteps = readout == .headThenMean
    let mean = mean("\(path)/mean", x, over: averagesSteps ? [.tokens] : [.time, .tokens])
    classifier(path, mean, classes: classes, averagesSteps: averagesSteps)
  }
}
