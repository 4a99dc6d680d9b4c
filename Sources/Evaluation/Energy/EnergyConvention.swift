/// How the operations of an inference are counted and charged.
///
/// The conventions disagree by factors; a figure without its convention says nothing. Each is
/// defined by its source, with the source's defects; docs/evaluation.md has the table. Every sample
/// is one call of the network, so what a package decides for a whole batch is decided by sample.
public enum EnergyConvention: String, Sendable, CaseIterable {
  /// The paper's formula: integer inputs count as that many accumulates; the first convolution is
  /// charged once as multiply-accumulates; biases and the classifier are left out.
  ///
  /// Corresponds to the appendix of arXiv 2403.16552.
  case paper
  /// A strict reading of the paper: only inputs of zeros and ones are event-driven, over the whole
  /// data; the first convolution is charged at every step, the classifier once.
  case strict
  /// Spikingformer's tool: inputs of up to 31 values from 0 to 30 are event-driven; the first
  /// convolution is charged at every step; biases and the classifier are counted.
  ///
  /// Corresponds to `energy_consumption_calculation` of Spikingformer with `Nspks_max` 30.
  case spikingformer
  /// Every module of the network, normalisation, pooling and neurons too, but no product of
  /// attention.
  ///
  /// Corresponds to syops 0.0.5.
  case syops
  /// Synapses of convolutions and the classifier that are not zero, behind inputs that are not zero.
  ///
  /// Corresponds to `SynapticOperations` of NeuroBench 2.3.0, which states no energy: its counts are
  /// charged like the others.
  case neurobench
  /// Spike-driven convolutions and matrix products, and dense ones of what is no spikes.
  ///
  /// Corresponds to `SynOpCounter`, and `MACCounter` without batch normalisation, of
  /// SpikingJelly 2.0.0.
  case spikingjelly

  /// Whether it counts synapses, so that a `SynapseInventory` is needed.
  public var needsSynapses: Bool { self != .paper && self != .strict }

  /// The conventions that counted activity allows.
  public static func available(for activity: ActivityCounter) -> [EnergyConvention] {
    allCases.filter { activity.synapses != nil || !$0.needsSynapses }
  }

  /// Where it is defined, in a few words.
  public var source: String {
    switch self {
    case .paper: "appendix of arXiv 2403.16552"
    case .strict: "qkzoo, docs/evaluation.md"
    case .spikingformer: "energy_consumption_calculation of Spikingformer, Nspks_max 30"
    case .syops: "syops 0.0.5"
    case .neurobench: "NeuroBench 2.3.0, SynapticOperations"
    case .spikingjelly: "SpikingJelly 2.0.0, SynOpCounter and MACCounter"
    }
  }

  /// What it counts, in a sentence.
  public var words: String {
    switch self {
    case .paper:
      "An integer input counts as that many accumulates; the first convolution is charged once as "
        + "multiply-accumulates; the classifier is left out."
    case .strict:
      "Only inputs of zeros and ones are event-driven: integer inputs make a layer "
        + "multiply-accumulate at every step, the first convolution is charged at every step, the "
        + "classifier once."
    case .spikingformer:
      "Inputs of few values, integers too, are event-driven by their mean; the first convolution is "
        + "charged at every step; biases and the classifier are counted."
    case .syops:
      "Every module is counted, normalisation, pooling and neurons too; only inputs of at most two "
        + "values are event-driven; products of attention are not counted."
    case .neurobench:
      "Synapses that are not zero behind inputs that are not zero, exact at borders; accumulates "
        + "if a layer's whole input is spikes, else multiply-accumulates."
    case .spikingjelly:
      "Spikes times the synapses they reach, exact at borders, and both products of "
        + "self-attention; a layer with any other input is charged densely."
    }
  }
}
