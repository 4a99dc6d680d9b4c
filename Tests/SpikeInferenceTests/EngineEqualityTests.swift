import QKFormerModel
import SpikeInference
import SpikeTensors
import TestSupport
import Testing

/// The fast engine gives the bits of the reference engine: logits, currents and spikes.
@Suite struct EngineEqualityTests {
  typealias Configuration = QKFormerConfiguration

  /// Everything that an observer sees, and the logits.
  private struct Outcome: Equatable {
    var logits: [[UInt32]]
    var collector: Collector
  }

  private func run(_ engine: some ForwardPass, _ input: InputBatch) throws -> Outcome {
    var collector = Collector()
    let logits = try engine.logits(of: input, observer: &collector)
    return Outcome(logits: logits.map { $0.map(\.bitPattern) }, collector: collector)
  }

  @Test(arguments: ForwardLawTests.configurations)
  func `both engines agree on every bit`(_ configuration: Configuration) throws {
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan, parameters: TinyModel.parameters(configuration))
    let reference = try ReferenceForward(plan, weights)
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 2), for: configuration, name: "random")
    let expected = try run(reference, input)
    let fast = try FastForward(plan, weights, threads: 2)
    let found = try run(fast, input)
    for group in plan.neurons(for: input.size) {
      #expect(
        found.collector.currents[group.path] == expected.collector.currents[group.path],
        "current of \(group.path)")
      #expect(
        found.collector.spikes[group.path] == expected.collector.spikes[group.path],
        "spikes of \(group.path)")
    }
    #expect(found == expected)
  }
}

/// Keeps the bits of everything that an observer sees.
private struct Collector: ForwardObserver, Equatable {
  var spikes: [String: [UInt8]] = [:]
  var currents: [String: [UInt32]] = [:]
  var inputs: [String: [UInt8]] = [:]

  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes map: inout SpikeCountMap)
  {
    spikes[group.path] = map.values
    currents[group.path] = current.values.map(\.bitPattern)
  }

  mutating func convolution(_ unit: ConvolutionUnit, input: SpikeCountMap) {
    inputs[unit.path] = input.values
  }
}
