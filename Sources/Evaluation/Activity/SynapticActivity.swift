import SpikeInference
import SpikingModels

/// What synapses did while a model ran, layer by layer.
public struct SynapticActivity: Sendable {
  /// By unit path; all convolutions but the first.
  public internal(set) var inputs: [String: SynapticInput] = [:]
  /// What the first convolution reads: one image for direct coding, every frame else.
  public internal(set) var firstInput = RealInput()
  /// What the classifier reads.
  public internal(set) var headInput = RealInput()
  /// Accumulates of self-attention's two products, by attention path.
  ///
  /// The first product is the sum of `K^T V`. The second is the sum of `Q (K^T V)` for a sample
  /// whose `K^T V` is zeros and ones, else the spikes of Q times the channels of a head.
  public internal(set) var products: [String: Int] = [:]

  private let inventory: SynapseInventory?
  private var attention: [String: (query: SpikeCountMap, key: SpikeCountMap?)] = [:]

  init(_ inventory: SynapseInventory? = nil) { self.inventory = inventory }

  static func sum(_ left: SynapticActivity?, _ right: SynapticActivity?) -> SynapticActivity? {
    guard var sum = left, let right else { return left ?? right }
    sum.inputs.merge(right.inputs) { $0 + $1 }
    sum.products.merge(right.products) { $0 + $1 }
    sum.firstInput = sum.firstInput + right.firstInput
    sum.headInput = sum.headInput + right.headInput
    return sum
  }
}

// What an observer sees. A counter without an inventory holds sums and sees nothing.
extension SynapticActivity {
  mutating func neurons(_ group: NeuronGroup, _ map: SpikeCountMap) {
    guard let place = inventory?.attentionParts[group.path] else { return }
    switch place.part {
    case .query: attention[place.attention] = (map, nil)
    case .key: attention[place.attention]?.key = map
    case .value:
      guard let before = attention.removeValue(forKey: place.attention), let key = before.key,
        let heads = inventory?.heads[place.attention]
      else { preconditionFailure("V fires after Q and K") }
      let products = AttentionProducts(before.query, key, map, heads: heads)
      self.products[place.attention] = products.accumulates
    }
  }

  mutating func convolution(_ node: Node, _ input: SpikeCountMap) {
    guard let reach = inventory?.layer(node.path).reach(input.size) else { return }
    var count = SynapticInput()
    for sample in 0..<input.batch { count.add(input, sample, reach) }
    inputs[node.path] = count
  }

  mutating func firstConvolution(_ node: Node, _ input: CurrentMap) {
    guard let reach = inventory?.layer(node.path).reach(input.size) else { return }
    var count = RealInput()
    for sample in 0..<input.batch { count.add(input, sample, reach) }
    firstInput = count
  }

  mutating func classifier(_ stream: SpikeCountMap) {
    guard let inventory else { return }
    let layer = inventory.layer(ModelGraph.headPath)
    let rows = ClassifierRows(stream, averagesSteps: inventory.averagesSteps)
    var count = RealInput()
    for sample in 0..<stream.batch {
      var (part, values) = (RealInput.Part(samples: 1), RealInput.Values())
      for (index, sum) in rows.sums(sample).enumerated() {
        values.add(Double(sum) / Double(rows.divisor))
        guard sum != 0 else { continue }
        part.nonzero += 1
        part.synapses += layer.outChannels
        part.liveSynapses += layer.live[0][index % stream.channels]
      }
      count.add(part, values)
    }
    headInput = count
  }
}

extension SynapticInput {
  /// Adds one sample of a map.
  fileprivate mutating func add(
    _ map: SpikeCountMap, _ sample: Int, _ reach: SynapseInventory.Layer.Reach
  ) {
    let frame = map.size.count * map.channels
    var (part, largest) = (Part(samples: 1), 0)
    for t in 0..<map.timeSteps {
      let start = (t * map.batch + sample) * frame
      for token in 0..<map.size.count {
        let place = reach.classes[token]
        let first = start + token * map.channels
        for channel in 0..<map.channels {
          let value = Int(map.values[first + channel])
          guard value != 0 else { continue }
          part.sum += value
          part.nonzero += 1
          largest = max(largest, value)
          part.synapses += reach.all[place]
          part.liveSynapses += reach.live[place][channel]
        }
      }
    }
    add(part, largest: largest)
  }
}

extension RealInput {
  /// Adds one sample of a map.
  fileprivate mutating func add(
    _ map: CurrentMap, _ sample: Int, _ reach: SynapseInventory.Layer.Reach
  ) {
    let frame = map.size.count * map.channels
    var (part, values) = (Part(samples: 1), Values())
    for t in 0..<map.timeSteps {
      let start = (t * map.batch + sample) * frame
      for index in 0..<frame {
        let value = map.values[start + index]
        values.add(Double(value))
        guard value != 0 else { continue }
        let place = reach.classes[index / map.channels]
        part.nonzero += 1
        part.synapses += reach.all[place]
        part.liveSynapses += reach.live[place][index % map.channels]
      }
    }
    add(part, values)
  }
}

/// The rows that the classifier reads of a sample, before their division.
private struct ClassifierRows {
  private let stream: SpikeCountMap
  /// Whether the classifier runs at each step.
  private let averagesSteps: Bool

  init(_ stream: SpikeCountMap, averagesSteps: Bool) {
    self.stream = stream
    self.averagesSteps = averagesSteps
  }

  /// What a sum is divided by.
  var divisor: Int { stream.size.count * (averagesSteps ? 1 : stream.timeSteps) }

  /// One row, or one for each step.
  func sums(_ sample: Int) -> [Int] {
    let rows = averagesSteps ? stream.timeSteps : 1
    var sums = [Int](repeating: 0, count: rows * stream.channels)
    for t in 0..<stream.timeSteps {
      let row = rows == 1 ? 0 : t * stream.channels
      let start = (t * stream.batch + sample) * stream.size.count * stream.channels
      for index in 0..<stream.size.count * stream.channels {
        sums[row + index % stream.channels] += Int(stream.values[start + index])
      }
    }
    return sums
  }
}
