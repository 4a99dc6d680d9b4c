/// The input of one convolution of counts and the synapses behind it, over all samples seen.
///
/// Whether an input is spikes is a property of a sample's whole input, as every tool that counts
/// operations decides it; so the sums are kept apart for both kinds of samples.
public struct SynapticInput: Sendable, Equatable {
  /// Sums over samples of one kind.
  public struct Part: Sendable, Equatable {
    /// Samples.
    public var samples = 0
    /// Sum of the integers.
    public var sum = 0
    /// Elements that are not zero.
    public var nonzero = 0
    /// Synapses behind elements that are not zero, each counted as often as an output sees it.
    public var synapses = 0
    /// Those of them whose weight is not zero.
    public var liveSynapses = 0

    static func + (left: Part, right: Part) -> Part {
      Part(
        samples: left.samples + right.samples, sum: left.sum + right.sum,
        nonzero: left.nonzero + right.nonzero, synapses: left.synapses + right.synapses,
        liveSynapses: left.liveSynapses + right.liveSynapses)
    }
  }

  /// Samples without a spike; they count as spikes, too.
  public var silentSamples = 0
  /// Samples whose input is zeros and ones.
  public var spikes = Part()
  /// Samples with a larger integer.
  public var counts = Part()

  /// Samples.
  public var samples: Int { spikes.samples + counts.samples }
  static func + (left: SynapticInput, right: SynapticInput) -> SynapticInput {
    SynapticInput(
      silentSamples: left.silentSamples + right.silentSamples, spikes: left.spikes + right.spikes,
      counts: left.counts + right.counts)
  }

  /// Adds one sample.
  mutating func add(_ part: Part, largest: Int) {
    if part.nonzero == 0 { silentSamples += 1 }
    if largest <= 1 { spikes = spikes + part } else { counts = counts + part }
  }
}
