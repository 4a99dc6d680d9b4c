public import SpikingModels

/// How much of a forward pass an observer looks at; an engine may spare itself the rest.
public enum Observation: Sendable {
  /// Nothing: no method is called.
  case nothing
  /// How much fires and how much convolutions read, but not which elements.
  case counts
  /// Spikes and the inputs of convolutions; currents are empty.
  case spikes
  /// Everything.
  case currents

  /// Whether it looks at which elements fire.
  var seesElements: Bool { self == .spikes || self == .currents }
}

/// Sees a forward pass from inside, part by part in its order.
public protocol ForwardObserver {
  /// What it looks at.
  static var observes: Observation { get }

  /// A neuron group has fired; what is left in `spikes` is what the network goes on with.
  ///
  /// - Parameters:
  ///   - group: which neurons, with the shape they have for this input.
  ///   - current: their input *X*, `[T, B, N, C]`.
  ///   - spikes: their output, `[T, B, N, C]`.
  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap)
    throws

  /// A convolution other than the first is about to read its input.
  mutating func convolution(_ node: Node, input: SpikeCountMap)

  /// The first convolution is about to read the network's input, `[frames, B, N, C]`: one frame for
  /// direct coding, *T* else.
  mutating func firstConvolution(_ node: Node, input: CurrentMap)

  /// The classifier is about to average and read its input, `[T, B, N, C]`.
  mutating func classifier(input: SpikeCountMap)

  /// A neuron group has fired; called in place of `neurons` where `observes` is `counts`.
  mutating func fired(_ group: NeuronGroup, _ counts: FrameCounts)

  /// A convolution reads its input; called in place of `convolution` where `observes` is `counts`.
  mutating func read(_ node: Node, _ counts: FrameCounts)
}

extension ForwardObserver {
  /// Everything.
  public static var observes: Observation { .currents }
  /// Does nothing.
  public mutating func convolution(_ node: Node, input: SpikeCountMap) {}
  /// Does nothing.
  public mutating func firstConvolution(_ node: Node, input: CurrentMap) {}
  /// Does nothing.
  public mutating func classifier(input: SpikeCountMap) {}
  /// Does nothing.
  public mutating func fired(_ group: NeuronGroup, _ counts: FrameCounts) {}
  /// Does nothing.
  public mutating func read(_ node: Node, _ counts: FrameCounts) {}
}

/// Watches nothing.
public struct NoObserver: ForwardObserver, Sendable {
  /// Nothing.
  public static var observes: Observation { .nothing }
  /// Makes one.
  public init() {}
  /// Does nothing.
  public mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) {}
}

/// One way to compute a network; all ways give the same bits.
public protocol ForwardPass: Sendable {
  /// The network, for some extent of its input; a pass runs it for the extent of what it is given.
  var graph: ModelGraph { get }
  /// Whether several units are best run at once; else one unit uses all threads.
  var runsUnitsInParallel: Bool { get }
  /// How many samples of some extent are best run together where they do not influence each other.
  func samplesTogether(_ size: SpatialSize) -> Int

  /// Runs a batch as one unit and returns its logits, `[B][classes]`.
  ///
  /// With scope `batch` the samples influence each other, in their order.
  ///
  /// - Throws: `InferenceFailure`, and what the observer throws.
  func logits<Observer: ForwardObserver>(
    of input: InputBatch, observer: inout Observer
  ) throws -> [[Float]]
}
