import Diagnostics
import Digests
import SpikingModels

extension EvaluatedBatch {
  /// Whether it can be a batch of an evaluation: its lists are as long as the header says, and its
  /// counts those of so many samples.
  func fits(_ header: EvaluationHeader) -> Bool {
    let (left, tooMany) = header.rules.batchSize.subtractingReportingOverflow(samples)
    let neurons = header.neurons
    return !tooMany && excluded.count <= left && spikes.count == neurons.count
      && zip(neurons, spikes).allSatisfy { fits($0, $1, header.rules.timeSteps) }
      && (samples > 0 || sampleLines == SHA256.digest(of: EvaluatedSample.lines([])))
      && inputs.fit(header.convolutions.count, hasSamples: samples > 0)
  }

  private func fits(_ group: NeuronGroup, _ perStep: [Int], _ timeSteps: Int) -> Bool {
    let (most, overflow) = group.count.multipliedReportingOverflow(by: samples)
    return !overflow && perStep.count == timeSteps && perStep.allSatisfy { $0 <= most }
  }
}

extension EvaluatedBatch.Inputs {
  /// Streams of spikes stay below it, whatever their number of blocks.
  private static let mostOfElement = 255

  fileprivate func fit(_ count: Int, hasSamples: Bool) -> Bool {
    [elements, sum, nonzero, largest].allSatisfy { $0.count == count }
      && (0..<count).allSatisfy { index in
        let (all, some, most) = (elements[index], nonzero[index], largest[index])
        return (all > 0) == hasSamples && some <= all && most <= Self.mostOfElement
          && max(some, most) <= sum[index] && sum[index] <= some * most
      }
  }
}

extension EvaluationHeader {
  /// Requires the totals of batches to fit into integers, so that they can be added up.
  ///
  /// - Throws: `EvaluationFailure`.
  func requireTotals(_ batches: [EvaluatedBatch], at place: String) throws {
    let samples = batches.reduce(0) { $0 + $1.samples }
    let spikes = mostSpikesOfSample.multipliedReportingOverflow(by: samples)
    var totals = Array(repeating: 0, count: 2 * convolutions.count)
    var isTooLarge = spikes.overflow
    for batch in batches {
      for (index, value) in (batch.inputs.elements + batch.inputs.sum).enumerated() {
        let (total, overflow) = totals[index].addingReportingOverflow(value)
        totals[index] = total
        isTooLarge = isTooLarge || overflow
      }
    }
    guard !isTooLarge else {
      throw EvaluationFailure(
        .record, at: place, expected: "counts whose totals fit 63 bits", found: "larger ones")
    }
  }

  /// The spikes of one sample if every neuron fires at every step.
  var mostSpikesOfSample: Int { rules.timeSteps * neurons.reduce(0) { $0 + $1.count } }
}
