public import SpikeInference
public import SpikingModels

/// Where two models that ran on the same input first did something else.
public struct BehaviourDifference: Sendable {
  /// A neuron group at one step of one sample.
  public struct Place: Sendable, Equatable {
    /// Canonical path of the neurons.
    public let path: String
    /// Time step.
    public let step: Int
    /// Sample of the input.
    public let sample: Int
    /// Spikes there, in the first model and in the second.
    public let counts: [Int]
  }

  /// The first group in the order of the forward pass whose spikes differ; in it, the first step.
  public let first: Place?
  /// Groups that differ somewhere, and all groups.
  public let groups: (differing: Int, all: Int)
  /// The largest difference of two logits; `nil` for other classes.
  public let largestLogit: Float?

  /// Whether every spike and every logit is the same.
  public var isNone: Bool { first == nil && largestLogit == 0 }

  /// Runs both models; they must have the same neuron groups for the input.
  ///
  /// - Throws: `InferenceFailure`.
  public static func compare(
    _ engines: (first: any ForwardPass, second: any ForwardPass),
    on inputs: (first: InputBatch, second: InputBatch)
  ) throws -> BehaviourDifference {
    let first = try record(engines.first, inputs.first)
    let second = try record(engines.second, inputs.second)
    let places = zip(first.groups, second.groups).compactMap(place)
    let distances = zip(first.logits, second.logits).map { ($0 - $1).magnitude }
    return BehaviourDifference(
      first: places.first, groups: (places.count, first.groups.count),
      largestLogit: first.logits.count == second.logits.count ? distances.max() : nil)
  }

  private static func record(
    _ engine: any ForwardPass, _ input: InputBatch
  ) throws -> (groups: [SpikeRecorder.Group], logits: [Float]) {
    let units = try engine.run(input) { _ in SpikeRecorder() }
    return (SpikeRecorder.joined(units.map(\.observer)), units.flatMap { $0.logits.flatMap { $0 } })
  }

  private static func place(
    _ first: SpikeRecorder.Group, _ second: SpikeRecorder.Group
  ) -> Place? {
    for (step, digests) in first.digests.enumerated() {
      for (sample, digest) in digests.enumerated() where digest != second.digests[step][sample] {
        return Place(
          path: first.neurons.path, step: step, sample: sample,
          counts: [first.counts[step][sample], second.counts[step][sample]])
      }
    }
    return nil
  }
}

extension ModelGraph {
  /// Whether another network has the same neuron groups for an input, so that both can be compared.
  public func hasSameNeurons(as other: ModelGraph, for size: SpatialSize) -> Bool {
    let (mine, others) = (resized(to: size).neurons, other.resized(to: size).neurons)
    return timeSteps == other.timeSteps
      && mine.map(\.path) == others.map(\.path) && mine.map(\.shape) == others.map(\.shape)
  }
}
