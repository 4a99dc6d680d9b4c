/// Everything that a model is besides its parameters: what every model has, and its architecture with
/// what only that has.
///
/// No value has a default: what a file does not state must come from somewhere that can be named.
/// The graph is derived from this alone, and everything else from the graph.
public struct ModelConfiguration: Sendable {
  /// The nominal input of the model.
  public struct Input: Sendable, Equatable {
    /// Image or event frames.
    public var coding: InputCoding
    /// Channels of an image or a frame.
    public var channels: Int
    /// Height in pixels.
    public var height: Int
    /// Width in pixels.
    public var width: Int

    /// Describes an input.
    public init(coding: InputCoding, channels: Int, height: Int, width: Int) {
      self.coding = coding
      self.channels = channels
      self.height = height
      self.width = width
    }
  }

  /// The constants of the two kinds of neurons.
  public struct Neurons: Sendable, Equatable {
    /// The neuron after a convolution.
    public var unit: LIFParameters
    /// The neuron inside an attention (`attn_lif`).
    public var attention: LIFParameters

    /// Names both.
    public init(unit: LIFParameters, attention: LIFParameters) {
      self.unit = unit
      self.attention = attention
    }

    /// The constants of the released codes of all families: thresholds 1, and 0.5 in an attention.
    public static let released = Neurons(
      unit: .released(threshold: 1), attention: .released(threshold: 0.5))
  }

  /// The nominal input.
  public var input: Input
  /// Time steps *T*.
  public var timeSteps: Int
  /// Number of classes.
  public var classes: Int
  /// Added to the variance in every batch normalisation.
  public var batchNormEpsilon: Double
  /// The constants of the neurons.
  public var neurons: Neurons
  /// The architecture, with its own members.
  public var design: any ModelFamily

  /// A configuration; eps and the neurons' constants are those of the released codes unless given.
  public init(
    _ design: any ModelFamily, input: Input, timeSteps: Int, classes: Int,
    batchNormEpsilon: Double = 1e-5, neurons: Neurons = .released
  ) {
    self.design = design
    self.input = input
    self.timeSteps = timeSteps
    self.classes = classes
    self.batchNormEpsilon = batchNormEpsilon
    self.neurons = neurons
  }
}

extension ModelConfiguration {
  /// The name of the architecture, as in `qkformer`.
  public var architecture: String { type(of: design).architecture }

  /// Whether it has members that version 1.0 did not know.
  public var hasLaterMembers: Bool {
    let later = type(of: design).laterMemberNames
    return design.members.keys.contains { later.contains($0) }
  }

  /// Over what the neurons keep their state whose scope can be chosen.
  public var scope: NeuronScope {
    get { design.scope }
    set { design.scope = newValue }
  }

  /// Whether the network has a neuron whose state can have a scope.
  public func canHave(_ scope: NeuronScope) -> Bool { scope == .sample || design.canLeak }

  /// One line: the design, steps, input, classes, mixers, scope.
  public var summary: String {
    "\(design.shortName), T=\(timeSteps), \(input.channels)x\(input.height)x\(input.width), "
      + "\(classes) classes, \(design.mixers), scope \(scope.rawValue)"
  }

  /// The nominal extent of the input.
  public var nominalSize: SpatialSize { SpatialSize(height: input.height, width: input.width) }

  /// The network for an input of the nominal extent.
  public var graph: ModelGraph { graph(for: nominalSize) }

  /// The network for an input of some extent.
  public func graph(for size: SpatialSize) -> ModelGraph {
    var network = GraphBuilder(
      ModelGraph(
        input: .map(channels: input.channels, size: size), coding: input.coding,
        timeSteps: timeSteps),
      normEpsilon: batchNormEpsilon, unit: neurons.unit, attention: neurons.attention)
    design.build(&network, classes: classes)
    return network.graph
  }
}
