// What QKFormer and MS-QKFormer have in common.
extension GraphBuilder {
  /// Q, K and, for self-attention, V of some spikes, and how a stage mixes them: what the projection
  /// reads.
  mutating func mixed(
    _ path: String, _ spikes: Stream, _ stage: QKFormerConfiguration.Stage, scale: Float
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
  mutating func projection(_ attention: String, _ x: Stream) -> Stream {
    convolution(
      "\(attention)/projection", x, channels: channels(x), hasBias: true, isOverTokens: true)
  }

  /// Counts averaged over tokens and steps, and the classifier, in the configured order.
  mutating func readout(
    _ x: Stream, classes: Int, _ readout: QKFormerConfiguration.Readout
  ) {
    let path = ModelGraph.headPath
    part = .head
    let averagesSteps = readout == .headThenMean
    let mean = mean("\(path)/mean", x, over: averagesSteps ? [.tokens] : [.time, .tokens])
    classifier(path, mean, classes: classes, averagesSteps: averagesSteps)
  }
}

extension QKFormerConfiguration {
  /// The network for an input of some extent.
  public func graph(for size: SpatialSize) -> ModelGraph {
    let builder = GraphBuilder(
      ModelGraph(
        input: .map(channels: input.channels, size: size), coding: input.coding,
        timeSteps: timeSteps),
      normEpsilon: batchNormEpsilon, unit: neurons.unit, attention: neurons.attention)
    switch residual {
    case .spikeAddition:
      var family = QKFormer(configuration: self, network: builder)
      family.build()
      return family.network.graph
    case .membraneShortcut:
      var family = MSQKFormer(configuration: self, network: builder)
      family.build()
      return family.network.graph
    }
  }

  /// The nominal extent of the input.
  public var nominalSize: SpatialSize { SpatialSize(height: input.height, width: input.width) }

  /// The network for an input of the nominal extent.
  public var graph: ModelGraph { graph(for: nominalSize) }
}
