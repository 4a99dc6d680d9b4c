import SpikeInference
import SpikeTensors
import SpikingModels

/// Judges another framework's spikes by the replay rule.
///
/// Every neuron group is fed what the other framework recorded before it. Where the spikes then
/// differ for the first time in a neuron's life, the charged potential must be within
/// `2^-16 (1 + max_t |X|)` of the threshold; what that neuron does later is not judged. Neurons
/// inside an attention read exact integers and must agree exactly.
///
/// Corresponds to the numerics contract, "Against another framework".
struct ReplayJudge: ForwardObserver, Sendable {
  /// What was found in one group.
  struct GroupResult: Sendable {
    let neurons: NeuronGroup
    /// Neurons that differ somewhere.
    var differing = 0
    /// Neurons that differ beyond the bound.
    var violations = 0
    /// The first violation, in words.
    var example: String?
    /// The largest distance from the threshold, in units of the bound.
    var worst: Float = 0
  }

  static let bound: Float = 0x1p-16

  /// The results of several units, one for each group.
  static func merged(_ units: [[GroupResult]]) -> [GroupResult] {
    guard let first = units.first else { return [] }
    return first.indices.map { index in
      units.dropFirst().reduce(into: first[index]) { merged, unit in
        merged.differing += unit[index].differing
        merged.violations += unit[index].violations
        merged.example = merged.example ?? unit[index].example
        merged.worst = max(merged.worst, unit[index].worst)
      }
    }
  }

  private let trains: [String: SpikeTrain]
  private(set) var results: [GroupResult] = []

  /// Judges a unit whose recorded spikes are given by neuron path.
  init(trains: [String: SpikeTrain]) {
    self.trains = trains
  }

  mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) {
    guard let train = trains[group.path] else { preconditionFailure("no spikes of \(group.path)") }
    var recorded = spikes
    recorded.replace(by: train)
    var result = GroupResult(neurons: group)
    if recorded.values != spikes.values {
      judge(group, current, recorded.values, &result)
    }
    results.append(result)
    spikes = recorded
  }

  private func judge(
    _ group: NeuronGroup, _ current: CurrentMap, _ recorded: [UInt8], _ result: inout GroupResult
  ) {
    let neuron = LIFNeuron(group.neurons.constants)
    let isBatch = group.neurons.scope == .batch
    let visits = isBatch ? current.timeSteps * current.batch : current.timeSteps
    let count = current.values.count / visits
    for index in 0..<count {
      let life = (0..<visits).map { $0 * count + index }
      judge(neuron, life, current.values, recorded, &result)
    }
  }

  /// Follows one neuron until it first differs.
  private func judge(
    _ neuron: LIFNeuron, _ life: [Int], _ current: [Float], _ recorded: [UInt8],
    _ result: inout GroupResult
  ) {
    var potential = neuron.initialPotential
    for (visit, index) in life.enumerated() {
      let charged = neuron.charge(potential, current[index])
      let spike = neuron.fires(charged)
      if spike != (recorded[index] == 1) {
        let largest = life.reduce(Float(0)) { max($0, current[$1].magnitude) }
        note(charged, largest, visit: visit, index: life[0], spike: spike, &result)
        return
      }
      potential = neuron.reset(charged, spike: spike)
    }
  }

  private func note(
    _ charged: Float, _ largest: Float, visit: Int, index: Int, spike: Bool,
    _ result: inout GroupResult
  ) {
    let threshold = result.neurons.neurons.constants.threshold
    let ratio = (charged - threshold).magnitude / (Self.bound * (1 + largest))
    result.differing += 1
    result.worst = max(result.worst, ratio)
    let isBorderline = ratio <= 1 && largest.isFinite
    guard !isBorderline || result.neurons.role == .attention else { return }
    result.violations += 1
    if result.example == nil {
      result.example =
        "neuron \(index), step \(visit): expected \(spike ? "a spike" : "no spike") at H = "
        + "\(charged), found \(spike ? "none" : "one") (\(ratio) times the bound)"
    }
  }
}
