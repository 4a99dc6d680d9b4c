public import SpikeInference
public import SpikingModels

/// Counts spikes and convolution inputs exactly while a model runs.
///
/// With a `SynapseInventory` it counts what each spike reaches and the products of self-attention
/// too, which conventions of `EnergyEstimate` need; without, it costs less. All counts are
/// integers, so counters of parts of a dataset add up in any order.
public struct ActivityCounter: ForwardObserver, Sendable {
  /// The input of one convolution, over all steps and samples seen.
  public struct Input: Sendable, Equatable {
    /// Elements.
    public var elements = 0
    /// Sum of the integers.
    public var sum = 0
    /// Elements that are not zero.
    public var nonzero = 0
    /// The largest integer.
    public var largest = 0

    /// Mean integer: the "firing rate" of the papers' energy estimates.
    public var meanCount: Double { Double(sum) / Double(elements) }
    /// Share of elements that are not zero.
    public var density: Double { Double(nonzero) / Double(elements) }
    /// Whether every element is 0 or 1.
    public var isBinary: Bool { largest <= 1 }

    static func + (left: Input, right: Input) -> Input {
      Input(
        elements: left.elements + right.elements, sum: left.sum + right.sum,
        nonzero: left.nonzero + right.nonzero, largest: max(left.largest, right.largest))
    }
  }

  /// The spikes of one neuron group.
  public struct Spikes: Sendable, Equatable {
    /// Spikes at each step, over all samples seen.
    public var perStep: [Int]
    /// Neurons, over all samples seen.
    public var neurons: Int

    /// Spikes of all steps.
    public var total: Int { perStep.reduce(0, +) }
    /// Spikes for each neuron and step.
    public var firingRate: Double { Double(total) / Double(neurons * perStep.count) }
    /// Spikes for each neuron at each step.
    public var ratePerStep: [Double] { perStep.map { Double($0) / Double(neurons) } }
  }

  /// Samples seen.
  public internal(set) var samples = 0
  /// By neuron path.
  public internal(set) var spikes: [String: Spikes] = [:]
  /// By unit path.
  public internal(set) var inputs: [String: Input] = [:]
  /// The extent of the inputs, once one was seen element by element.
  public internal(set) var inputSize: SpatialSize?
  /// What synapses did, if they were counted.
  public internal(set) var synapses: SynapticActivity?

  /// Spikes and inputs, no currents.
  public static var observes: Observation { .spikes }

  /// Starts at zero; counts synapses if it is given those of the model.
  public init(_ inventory: SynapseInventory? = nil) {
    synapses = inventory.map { SynapticActivity($0) }
  }

  /// Counts a group's spikes.
  public mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes map: inout SpikeCountMap
  ) {
    let frame = map.values.count / map.timeSteps
    let perStep = (0..<map.timeSteps).map { t in
      map.values[t * frame..<(t + 1) * frame].reduce(0) { $0 + Int($1) }
    }
    spikes[group.path] = Spikes(perStep: perStep, neurons: group.count * map.batch)
    samples = map.batch
    synapses?.neurons(group, map)
  }

  /// Counts a convolution's input.
  public mutating func convolution(_ node: Node, input: SpikeCountMap) {
    var count = Input()
    count.elements = input.values.count
    for value in input.values where value != 0 {
      count.nonzero += 1
      count.sum += Int(value)
      count.largest = max(count.largest, Int(value))
    }
    inputs[node.path] = count
    synapses?.convolution(node, input)
  }

  /// Counts the network's input.
  public mutating func firstConvolution(_ node: Node, input: CurrentMap) {
    inputSize = input.size
    synapses?.firstConvolution(node, input)
  }

  /// Counts the classifier's input.
  public mutating func classifier(input: SpikeCountMap) { synapses?.classifier(input) }

  /// Adds what one reference batch of an evaluation did.
  mutating func add(
    _ batch: EvaluatedBatch, _ groups: [NeuronGroup], _ convolutions: [String]
  ) {
    samples += batch.samples
    for (group, counts) in zip(groups, batch.spikes) {
      let before = spikes[group.path]
      spikes[group.path] = Spikes(
        perStep: before.map { zip($0.perStep, counts).map(+) } ?? counts,
        neurons: (before?.neurons ?? 0) + group.count * batch.samples)
    }
    for (index, path) in convolutions.enumerated() {
      let read = Input(
        elements: batch.inputs.elements[index], sum: batch.inputs.sum[index],
        nonzero: batch.inputs.nonzero[index], largest: batch.inputs.largest[index])
      inputs[path] = (inputs[path] ?? Input()) + read
    }
  }

  /// Adds up what several counters saw of one model.
  public static func total(_ counters: [ActivityCounter]) -> ActivityCounter {
    counters.dropFirst().reduce(into: counters.first ?? ActivityCounter()) { total, next in
      total.samples += next.samples
      total.inputSize = total.inputSize ?? next.inputSize
      total.synapses = SynapticActivity.sum(total.synapses, next.synapses)
      total.inputs.merge(next.inputs) { $0 + $1 }
      total.spikes.merge(next.spikes) { left, right in
        Spikes(
          perStep: zip(left.perStep, right.perStep).map(+), neurons: left.neurons + right.neurons)
      }
    }
  }
}
