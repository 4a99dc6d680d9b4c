import Digests
import SpikeInference
import SpikingModels

/// Counts spikes by step and by sample, and convolution inputs, without looking at elements.
struct ActivityTally: ForwardObserver, Sendable {
  /// Spikes of a group at each step, over the samples, by neuron path.
  private(set) var spikes: [String: [Int]] = [:]
  /// By unit path.
  private(set) var inputs: [String: ActivityCounter.Input] = [:]
  /// Spikes of all groups, by sample.
  private(set) var perSample: [Int] = []

  static var observes: Observation { .counts }

  mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) {}

  mutating func fired(_ group: NeuronGroup, _ counts: FrameCounts) {
    spikes[group.path] = counts.sumPerStep
    let sums = counts.sumPerSample
    perSample = perSample.isEmpty ? sums : zip(perSample, sums).map(+)
  }

  mutating func read(_ node: Node, _ counts: FrameCounts) {
    var input = ActivityCounter.Input()
    input.elements = counts.elements * counts.frames.count
    for frame in counts.frames {
      input.sum += frame.sum
      input.nonzero += frame.nonzero
      input.largest = max(input.largest, frame.largest)
    }
    inputs[node.path] = input
  }

  /// What several units of one model did together; samples follow each other.
  static func total(_ tallies: [ActivityTally]) -> ActivityTally {
    tallies.reduce(into: ActivityTally()) { total, next in
      total.perSample += next.perSample
      total.inputs.merge(next.inputs) { $0 + $1 }
      total.spikes.merge(next.spikes) { zip($0, $1).map(+) }
    }
  }
}

extension EvaluatedBatch {
  /// What a batch did, in the order of the header's lists, and the samples that it ran.
  init(
    _ number: Int, _ tally: ActivityTally, _ evaluated: [EvaluatedSample],
    excluded: [Exclusion], lists: ActivityLists
  ) {
    let read = lists.convolutions.map { tally.inputs[$0] ?? ActivityCounter.Input() }
    self.init(
      number: number, samples: evaluated.count, excluded: excluded,
      spikes: lists.neurons.map { tally.spikes[$0] ?? lists.silence },
      inputs: Inputs(
        elements: read.map(\.elements), sum: read.map(\.sum), nonzero: read.map(\.nonzero),
        largest: read.map(\.largest)),
      sampleLines: SHA256.digest(of: EvaluatedSample.lines(evaluated)))
  }
}

/// In which order batches list what was counted.
struct ActivityLists: Sendable {
  let neurons: [String]
  let convolutions: [String]
  /// The counts of a group that no sample reached.
  let silence: [Int]

  init(_ header: EvaluationHeader) {
    neurons = header.neurons.map(\.path)
    convolutions = header.convolutions
    silence = Array(repeating: 0, count: header.rules.timeSteps)
  }
}
