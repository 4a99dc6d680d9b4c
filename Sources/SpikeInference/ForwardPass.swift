public import QKFormerModel

/// Sees a forward pass from inside, part by part in its order.
public protocol ForwardObserver {
  /// A neuron group has fired; what is left in `spikes` is what the network goes on with.
  ///
  /// - Parameters:
  ///   - group: which neurons, with the shape they have for this input.
  ///   - current: their input *X*, `[T, B, N, C]`.
  ///   - spikes: their output, `[T, B, N, C]`.
  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap)
    throws

  /// A convolution other than the first is about to read its input.
  mutating func convolution(_ unit: ConvolutionUnit, input: SpikeCountMap)
}

extension ForwardObserver {
  /// Does nothing.
  public mutating func convolution(_ unit: ConvolutionUnit, input: SpikeCountMap) {}
}

/// Watches nothing.
public struct NoObserver: ForwardObserver, Sendable {
  /// Makes one.
  public init() {}
  /// Does nothing.
  public mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) {}
}

/// One way to compute a network; all ways give the same bits.
public protocol ForwardPass: Sendable {
  /// The network.
  var plan: NetworkPlan { get }

  /// Runs a batch as one unit and returns its logits, `[B][classes]`.
  ///
  /// With scope `batch` the samples influence each other, in their order.
  ///
  /// - Throws: `InferenceFailure`, and what the observer throws.
  func logits<Observer: ForwardObserver>(
    of input: InputBatch, observer: inout Observer
  ) throws -> [[Float]]
}
