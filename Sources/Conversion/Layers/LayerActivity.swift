public import SpikeInference
public import SpikingModels

/// Counts, channel by channel, what neurons fire and what integers convolutions read.
public struct LayerActivity: ForwardObserver, Sendable {
  /// Samples seen.
  public private(set) var samples = 0
  /// Spikes over all samples and positions, `[T][C]`, by neuron path.
  public private(set) var spikes: [String: [[UInt64]]] = [:]
  /// How often each integer was read, from 0 to the largest, by unit path.
  public private(set) var histograms: [String: [UInt64]] = [:]

  /// Spikes and inputs, no currents.
  public static var observes: Observation { .spikes }

  /// Starts at zero.
  public init() {}

  /// Counts a group's spikes.
  public mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes map: inout SpikeCountMap
  ) {
    let frame = map.batch * map.frameCount
    spikes[group.path] = (0..<map.timeSteps).map { t in
      var counts = [UInt64](repeating: 0, count: map.channels)
      var channel = 0
      for value in map.values[t * frame..<(t + 1) * frame] {
        counts[channel] += UInt64(value)
        channel = channel + 1 == map.channels ? 0 : channel + 1
      }
      return counts
    }
    samples = map.batch
  }

  /// Counts a convolution's input.
  public mutating func convolution(_ node: Node, input: SpikeCountMap) {
    var counts = [UInt64](repeating: 0, count: 256)
    for value in input.values { counts[Int(value)] += 1 }
    let largest = counts.lastIndex { $0 > 0 } ?? 0
    histograms[node.path] = Array(counts[...largest])
  }

  /// Adds up what several saw of one model.
  public static func total(_ parts: [LayerActivity]) -> LayerActivity {
    parts.dropFirst().reduce(into: parts.first ?? LayerActivity()) { total, next in
      total.samples += next.samples
      total.spikes.merge(next.spikes) { zip($0, $1).map { zip($0, $1).map(+) } }
      total.histograms.merge(next.histograms) { left, right in
        (0..<max(left.count, right.count)).map { index in
          (index < left.count ? left[index] : 0) + (index < right.count ? right[index] : 0)
        }
      }
    }
  }
}
