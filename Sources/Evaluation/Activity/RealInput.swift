/// The real input of the first convolution or of the classifier, over all samples seen.
public struct RealInput: Sendable, Equatable {
  /// Sums over samples of one kind.
  public struct Part: Sendable, Equatable {
    /// Samples.
    public var samples = 0
    /// Elements that are not zero.
    public var nonzero = 0
    /// Synapses behind elements that are not zero, each counted as often as an output sees it.
    public var synapses = 0
    /// Those of them whose weight is not zero.
    public var liveSynapses = 0

    static func + (left: Part, right: Part) -> Part {
      Part(
        samples: left.samples + right.samples, nonzero: left.nonzero + right.nonzero,
        synapses: left.synapses + right.synapses,
        liveSynapses: left.liveSynapses + right.liveSynapses)
    }
  }

  /// Samples that a tool takes for spikes because their input has few values.
  public struct Few: Sendable, Equatable {
    /// Samples.
    public var samples = 0
    /// Sum over samples of the mean of the input, in units of 2^-32: sums do not depend on order.
    public var rate = 0

    /// Sum over samples of the mean of the input.
    public var rates: Double { Double(rate) / Double(1 << 32) }

    static func + (left: Few, right: Few) -> Few {
      Few(samples: left.samples + right.samples, rate: left.rate + right.rate)
    }
  }

  /// Elements, of all samples.
  public var elements = 0
  /// Samples that are zero everywhere.
  public var silentSamples = 0
  /// Samples of zeros and ones.
  public var spikes = Part()
  /// Samples of zeros, ones and minus ones, the last among them.
  public var signed = Part()
  /// All other samples.
  public var reals = Part()
  /// Samples with two values at most, none below 0 or above 1.
  public var twoValued = Few()
  /// Samples with 31 values at most, none below 0 or above 30.
  public var fewValued = Few()

  /// Samples.
  public var samples: Int { spikes.samples + signed.samples + reals.samples }

  static func + (left: RealInput, right: RealInput) -> RealInput {
    RealInput(
      elements: left.elements + right.elements,
      silentSamples: left.silentSamples + right.silentSamples, spikes: left.spikes + right.spikes,
      signed: left.signed + right.signed, reals: left.reals + right.reals,
      twoValued: left.twoValued + right.twoValued, fewValued: left.fewValued + right.fewValued)
  }

  /// What the values of one sample are like.
  struct Values {
    private(set) var distinct: Set<Double> = []
    private(set) var elements = 0
    private(set) var sum = 0.0

    mutating func add(_ value: Double) {
      elements += 1
      sum += value
      if distinct.count <= RealInput.fewest { distinct.insert(value) }
    }

    /// Whether there are so few values, and in such a range.
    func hasAtMost(_ count: Int, upTo largest: Double) -> Bool {
      distinct.count <= count && distinct.allSatisfy { (0...largest).contains($0) }
    }

    func isWithin(_ values: Set<Double>) -> Bool { distinct.isSubset(of: values) }
    var mean: Int { Int((sum / Double(elements) * Double(1 << 32)).rounded()) }
  }

  private static let fewest = 31

  /// Adds one sample.
  mutating func add(_ part: Part, _ values: Values) {
    elements += values.elements
    if part.nonzero == 0 { silentSamples += 1 }
    if values.isWithin([0, 1]) {
      spikes = spikes + part
    } else if values.isWithin([-1, 0, 1]) {
      signed = signed + part
    } else {
      reals = reals + part
    }
    if values.hasAtMost(2, upTo: 1) { twoValued = twoValued + Few(samples: 1, rate: values.mean) }
    if values.hasAtMost(Self.fewest, upTo: Double(Self.fewest - 1)) {
      fewValued = fewValued + Few(samples: 1, rate: values.mean)
    }
  }
}
