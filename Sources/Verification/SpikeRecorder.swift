import CheckpointFormat
public import Digests
public import SpikeInference
public import SpikeTensors
public import SpikingModels

/// Records what every neuron group does: spike counts and digests by step and sample, and on
/// request the spikes themselves.
public struct SpikeRecorder: ForwardObserver, Sendable {
  /// What one group did.
  public struct Group: Sendable {
    /// Which neurons.
    public let neurons: NeuronGroup
    /// Spikes, `[T][B]`.
    public let counts: [[Int]]
    /// SHA-256 of the packed spikes, `[T][B]`.
    public let digests: [[Digest]]
    /// The spikes, if they were asked for.
    public let train: SpikeTrain?
  }

  /// The groups, in the order of the forward pass.
  public private(set) var groups: [Group] = []
  private let keepsTrains: Bool

  /// Spikes only.
  public static var observes: Observation { .spikes }

  /// Starts recording.
  public init(keepsTrains: Bool = false) { self.keepsTrains = keepsTrains }

  /// Records a group.
  public mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) {
    groups.append(Self.record(group, spikes.packed(), keepsTrain: keepsTrains))
  }

  /// What a train amounts to.
  package static func record(_ group: NeuronGroup, _ train: SpikeTrain, keepsTrain: Bool) -> Group {
    let steps = 0..<train.timeSteps
    let samples = 0..<train.batch
    return Group(
      neurons: group, counts: steps.map { t in samples.map { train.count(t, $0) } },
      digests: steps.map { t in samples.map { SHA256.digest(of: Array(train.step(t, $0))) } },
      train: keepsTrain ? train : nil)
  }

  /// Puts recordings of consecutive samples side by side.
  public static func joined(_ recorders: [SpikeRecorder]) -> [Group] {
    guard let first = recorders.first else { return [] }
    return first.groups.indices.map { index in
      let parts = recorders.map { $0.groups[index] }
      return Group(
        neurons: first.groups[index].neurons, counts: joinSamples(parts.map(\.counts)),
        digests: joinSamples(parts.map(\.digests)), train: nil)
    }
  }

  private static func joinSamples<Value>(_ parts: [[[Value]]]) -> [[Value]] {
    parts[0].indices.map { t in parts.flatMap { $0[t] } }
  }
}
