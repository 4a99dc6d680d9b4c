import SpikingModels

/// Counts a layer's operations under one convention, from measured activity.
struct OperationCounting {
  let convention: EnergyConvention
  /// The network, for the extent of the inputs.
  let graph: ModelGraph
  let activity: ActivityCounter

  /// The operations of one sample.
  func operations(_ layer: LayerOperations) -> OperationTally {
    switch layer.kind {
    case .firstConvolution: first(layer, work(layer))
    case .convolution:
      activity.inputs[layer.path].map {
        convolution($0, activity.synapses?.inputs[layer.path], work(layer))
      } ?? OperationTally()
    case .attentionProduct: product(layer)
    case .head: head(layer)
    }
  }

  private var steps: Double { Double(graph.timeSteps) }

  /// A layer's work in one sample, in all its steps.
  private struct Work {
    /// Multiply-accumulates, taps in the padding included.
    let macs: Double
    /// Additions of the bias.
    let biases: Double
    /// Elements that the convolution writes.
    let outputs: Double
    let hasBias: Bool
    let node: Node
  }

  private func work(_ layer: LayerOperations) -> Work {
    guard let node = graph.node(at: layer.path), case .convolution(let convolution) = node.operation
    else { preconditionFailure("a layer of another network: \(layer.path)") }
    let outputs = Double(node.shape.count * graph.timeSteps)
    return Work(
      macs: Double(layer.accumulates * graph.timeSteps),
      biases: convolution.hasBias ? outputs : 0, outputs: outputs, hasBias: convolution.hasBias,
      node: node)
  }

  // MARK: Convolutions of counts

  private func convolution(
    _ input: ActivityCounter.Input, _ detail: SynapticInput?, _ work: Work
  ) -> OperationTally {
    switch convention {
    case .paper: return OperationTally(accumulates: work.macs * input.meanCount)
    case .strict:
      return input.isBinary
        ? OperationTally(accumulates: work.macs * input.meanCount)
        : OperationTally(multiplyAccumulates: work.macs)
    case .spikingformer:
      guard input.largest <= Self.mostSpikes else {
        return OperationTally(multiplyAccumulates: work.macs + work.biases)
      }
      // At a rate of 1 the tool adds the layer's multiply-accumulates, of which there are none.
      return Self.isWhole(input.meanCount)
        ? OperationTally()
        : OperationTally(accumulates: (work.macs + work.biases) * input.meanCount)
    case .syops, .neurobench, .spikingjelly:
      return detail.map { convolution($0, elements: input.elements, work) } ?? OperationTally()
    }
  }

  private func convolution(
    _ input: SynapticInput, elements: Int, _ work: Work
  ) -> OperationTally {
    let samples = Double(input.samples)
    let dense = Double(input.counts.samples) / samples
    switch convention {
    case .neurobench:
      return OperationTally(
        accumulates: Double(input.spikes.liveSynapses) / samples,
        multiplyAccumulates: Double(input.counts.liveSynapses) / samples)
    case .spikingjelly:
      return OperationTally(
        accumulates: Double(input.spikes.synapses) / samples,
        multiplyAccumulates: work.macs * dense)
    default:
      let own = OperationTally(
        accumulates: (work.macs + work.biases) * Double(input.spikes.sum) / Double(elements),
        multiplyAccumulates: (work.macs + work.biases) * dense)
      return own + modules(work, silent: Double(input.silentSamples) / samples)
    }
  }

  /// The largest integer that Spikingformer's tool takes for spikes.
  private static let mostSpikes = 30

  /// Whether a rate is so near to 1 that Spikingformer's tool takes the input for no spikes.
  private static func isWhole(_ rate: Double) -> Bool { abs(rate * 100 - 100) < 1e-4 }

  /// What syops counts behind a convolution: normalisation, pooling, neurons.
  ///
  /// Their input is real, so they multiply-accumulate; only a convolution without bias of an empty
  /// input gives zeros, which syops takes for spikes of rate 0.
  private func modules(_ work: Work, silent: Double) -> OperationTally {
    let norm = 2 * work.outputs * (work.hasBias ? 1 : 1 - silent)
    let pooling = graph.node(at: work.node.path + "/pool") == nil ? 0 : work.outputs
    return OperationTally(
      accumulates: neurons(work.node.path + "/lif") + attentionNeurons(work.node),
      multiplyAccumulates: norm + pooling)
  }

  /// Updates of the neurons between an attention's inputs and its projection.
  private func attentionNeurons(_ node: Node) -> Double {
    guard let mixed = mixedNeurons(before: node) else { return 0 }
    let query = operand(0, of: operand(0, of: mixed))
    let read = operand(0, of: operand(0, of: query))
    guard case .neurons = read.operation else { return updates(of: mixed) }
    return updates(of: mixed) + updates(of: read)
  }

  /// The neurons inside the attention that a convolution projects; `nil` if it projects none.
  private func mixedNeurons(before node: Node) -> Node? {
    let read = operand(0, of: node)
    switch read.operation {
    case .mask: return operand(0, of: read)
    case .neurons:
      if case .selfAttention = operand(0, of: read).operation { return read }
      return nil
    default: return nil
    }
  }

  private func operand(_ position: Int, of node: Node) -> Node {
    graph.nodes[node.inputs[position]]
  }

  /// Updates of a group in one sample.
  private func updates(of node: Node) -> Double { Double(node.shape.count) * steps }

  /// Updates of the neuron group of a path in one sample; none if there is no such group.
  private func neurons(_ path: String) -> Double { graph.node(at: path).map(updates) ?? 0 }

  // MARK: The ends of the network

  private func first(_ layer: LayerOperations, _ work: Work) -> OperationTally {
    let isDirect = graph.inputCoding == .direct
    switch convention {
    case .paper:
      return OperationTally(multiplyAccumulates: isDirect ? work.macs / steps : work.macs)
    case .strict: return OperationTally(multiplyAccumulates: work.macs)
    case .spikingformer, .syops, .neurobench, .spikingjelly:
      guard let input = activity.synapses?.firstInput else { return OperationTally() }
      let own = real(
        input, macs: work.macs, biases: work.biases, repeats: isDirect ? steps : 1)
      guard convention == .syops else { return own }
      return own + modules(work, silent: Double(input.silentSamples) / Double(input.samples))
    }
  }

  private func head(_ layer: LayerOperations) -> OperationTally {
    let rows = graph.classifier.averagesSteps ? steps : 1
    let macs = Double(layer.accumulates) * rows
    switch convention {
    case .paper: return OperationTally()
    case .strict: return OperationTally(multiplyAccumulates: Double(layer.accumulates))
    case .spikingformer, .syops, .neurobench, .spikingjelly:
      guard let input = activity.synapses?.headInput else { return OperationTally() }
      // syops adds the bias once, however many rows there are.
      let biases = Double(graph.classifier.classes) * (convention == .syops ? 1 : rows)
      let own = real(input, macs: macs, biases: biases, repeats: 1)
      guard convention == .syops else { return own }
      return own + OperationTally(accumulates: neurons(ModelGraph.headPath + "/lif"))
    }
  }

  /// A layer with real input; the same input is read `repeats` times.
  private func real(
    _ input: RealInput, macs: Double, biases: Double, repeats: Double
  ) -> OperationTally {
    let samples = Double(input.samples)
    switch convention {
    case .paper, .strict: return OperationTally(multiplyAccumulates: macs)
    case .spikingformer:
      let others = samples - Double(input.fewValued.samples)
      let isMAC = Self.isWhole((input.fewValued.rates + others) / samples)
      return isMAC
        ? OperationTally(multiplyAccumulates: (macs + biases) * others / samples)
        : OperationTally(accumulates: (macs + biases) * input.fewValued.rates / samples)
    case .syops:
      let others = samples - Double(input.twoValued.samples)
      return OperationTally(
        accumulates: (macs + biases) * input.twoValued.rates / samples,
        multiplyAccumulates: (macs + biases) * others / samples)
    case .neurobench:
      let spikes = input.spikes.liveSynapses + input.signed.liveSynapses
      return OperationTally(
        accumulates: Double(spikes) * repeats / samples,
        multiplyAccumulates: Double(input.reals.liveSynapses) * repeats / samples)
    case .spikingjelly:
      let others = samples - Double(input.spikes.samples)
      return OperationTally(
        accumulates: Double(input.spikes.synapses) * repeats / samples,
        multiplyAccumulates: macs * others / samples)
    }
  }

  // MARK: Attention

  private func product(_ layer: LayerOperations) -> OperationTally {
    switch convention {
    case .paper, .strict, .spikingformer:
      OperationTally(
        accumulates: Double(layer.accumulates) / 2 * steps * productRate(layer.path))
    case .syops, .neurobench: OperationTally()
    case .spikingjelly:
      OperationTally(
        accumulates: Double(activity.synapses?.products[layer.path] ?? 0) / Double(activity.samples)
      )
    }
  }

  /// SSA's two products: the rarer of K and V for the first, Q for the second.
  private func productRate(_ path: String) -> Double {
    func rate(_ name: String) -> Double {
      activity.spikes["\(path)/\(name)/lif"]?.firingRate ?? 0
    }
    return min(rate("k"), rate("v")) + rate("q")
  }
}
