public import CheckpointFormat
public import Diagnostics
import Digests
import FileAccess
public import SpikeInference
import SpikeTensors
import SpikingModels

/// What a reference says about a model.
public enum BehaviourVerdict: Sendable {
  /// An independent tool's record agrees.
  case confirmed(by: String, detail: String)
  /// Our own record agrees: the model still does what it did.
  case selfConsistent(detail: String)
  /// An independent record differs and holds too little to judge why.
  case notComparable(by: String, detail: String)
  /// The record contradicts the model.
  case refuted(by: String, findings: [CheckpointFailure])

  /// Whether the model is shown to be wrong.
  public var isRefuted: Bool { if case .refuted = self { true } else { false } }
  /// Whether there was something to judge by.
  public var isJudged: Bool { if case .notComparable = self { false } else { true } }
  /// Whether an independent tool vouches for the model.
  public var isIndependent: Bool { if case .confirmed = self { true } else { false } }

  /// The verdict in its fixed words.
  public var words: String {
    switch self {
    case .confirmed(let origin, _): "confirmed by \(origin)"
    case .selfConsistent: "self-consistent only"
    case .notComparable: "not comparable"
    case .refuted: "refuted"
    }
  }

  /// What it rests on.
  public var detail: String {
    switch self {
    case .confirmed(_, let detail), .selfConsistent(let detail), .notComparable(_, let detail):
      detail
    case .refuted(let origin, let findings):
      "by \(origin): \(findings.count) finding\(findings.count == 1 ? "" : "s")"
    }
  }
}

/// Compares a model with recorded behaviour.
public struct BehaviourCheck {
  /// How far logits of another framework may be off, absolutely.
  public static let logitTolerance: Float = 1e-4

  private let engine: any ForwardPass
  private let place: String

  /// Checks an engine of the reference's scope; `place` names the model in findings.
  public init(_ engine: any ForwardPass, at place: String) {
    self.engine = engine
    self.place = place
  }

  /// Judges one reference.
  ///
  /// - Throws: `InferenceFailure`, `TensorFailure`, `ReferenceFailure`.
  public func judge(_ reference: Reference) throws -> BehaviourVerdict {
    let input = try InputBatch(
      reference.input, for: engine.graph, name: "\(place) reference input")
    let recordFindings = try recordFindings(reference)
    guard recordFindings.isEmpty else {
      return .refuted(by: reference.origin.tool, findings: recordFindings)
    }
    let units = try engine.run(input) { _ in SpikeRecorder() }
    let groups = SpikeRecorder.joined(units.map(\.observer))
    let logits = units.flatMap(\.logits)
    let spikeFindings = try compareSpikes(groups, reference)
    let logitFindings = try compareLogits(
      logits, reference, tolerance: reference.origin.isIndependent ? Self.logitTolerance : 0)
    return try verdict(reference, input, groups, spikeFindings, logitFindings)
  }

  private func verdict(
    _ reference: Reference, _ input: InputBatch, _ groups: [SpikeRecorder.Group],
    _ spikeFindings: [CheckpointFailure], _ logitFindings: [CheckpointFailure]
  ) throws -> BehaviourVerdict {
    let origin = reference.origin.tool
    let extent = "\(groups.count) neuron groups, \(reference.samples) samples"
    if spikeFindings.isEmpty {
      guard logitFindings.isEmpty else { return .refuted(by: origin, findings: logitFindings) }
      return reference.origin.isIndependent
        ? .confirmed(by: origin, detail: "every spike equal: \(extent)")
        : .selfConsistent(detail: "every spike and logit equal: \(extent)")
    }
    guard reference.origin.isIndependent else {
      return .refuted(by: origin, findings: spikeFindings + logitFindings)
    }
    guard !reference.spikes.isEmpty else {
      let logits = logitFindings.isEmpty ? "the logits agree" : "so do the logits"
      return .notComparable(
        by: origin, detail: "\(spikeFindings.count) counts differ, \(logits): \(extent)")
    }
    return try replay(reference, input)
  }

  // MARK: Direct comparison

  private func compareSpikes(
    _ groups: [SpikeRecorder.Group], _ reference: Reference
  ) throws -> [CheckpointFailure] {
    let counts = try reference.spikeCounts.integers(name: "spike_counts")
    let digests = reference.spikeDigests.bytes.copy()
    var findings: [CheckpointFailure] = []
    var index = 0
    for group in groups {
      for (t, samples) in group.counts.enumerated() {
        for (sample, count) in samples.enumerated() {
          defer { index += 1 }
          let recorded = Digest(bytes: Array(digests[index * 32..<index * 32 + 32]))
          guard count != counts[index] || group.digests[t][sample] != recorded else { continue }
          findings.append(
            CheckpointFailure(
              .digest, at: "\(place) \(group.neurons.path) step \(t) sample \(sample)",
              expected: "\(counts[index]) spikes, SHA-256 \(recorded)",
              found: "\(count) spikes, SHA-256 \(group.digests[t][sample])"))
        }
      }
    }
    return findings
  }

  private func compareLogits(
    _ logits: [[Float]], _ reference: Reference, tolerance: Float
  ) throws -> [CheckpointFailure] {
    let recorded = try reference.logits.floats(name: "logits")
    let classes = engine.graph.classifier.classes
    return logits.enumerated().compactMap { sample, values in
      for (index, value) in values.enumerated() {
        let expected = recorded[sample * classes + index]
        if !((value - expected).magnitude <= tolerance) {
          return CheckpointFailure(
            .digest, at: "\(place) logits sample \(sample) class \(index)",
            expected: "\(expected)" + (tolerance > 0 ? " within \(tolerance)" : ""),
            found: "\(value)")
        }
      }
      return nil
    }
  }

  /// A foreign reference's counts and digests must be those of its own spikes.
  private func recordFindings(_ reference: Reference) throws -> [CheckpointFailure] {
    guard !reference.spikes.isEmpty else { return [] }
    let trains = try trains(reference)
    let groups = neurons(reference).compactMap { group in
      trains[group.path].map { SpikeRecorder.record(group, $0, keepsTrain: false) }
    }
    return try compareSpikes(groups, reference)
  }

  // MARK: Replay

  private func neurons(_ reference: Reference) -> [NeuronGroup] {
    engine.graph.resized(to: SpatialSize(ofInput: reference.input.shape)).neurons
  }

  private func trains(_ reference: Reference) throws -> [String: SpikeTrain] {
    var trains: [String: SpikeTrain] = [:]
    for group in neurons(reference) {
      guard let tensor = reference.spikes[group.path] else { continue }
      trains[group.path] = try ForeignReference.train(
        tensor, neurons: group.count, steps: engine.graph.timeSteps, batch: reference.samples,
        at: "\(place) spikes/\(group.path)")
    }
    return trains
  }

  package func replay(_ reference: Reference, _ input: InputBatch) throws -> BehaviourVerdict {
    let trains = try trains(reference)
    let units = try engine.run(input) { samples in
      ReplayJudge(trains: trains.mapValues { $0.samples(samples) })
    }
    let results = ReplayJudge.merged(units.map(\.observer.results))
    let violations = results.filter { $0.violations > 0 }.map { result in
      CheckpointFailure(
        .digest, at: "\(place) \(result.neurons.path)",
        expected: "differences only within the bound of the replay rule",
        found: "\(result.violations) beyond it; \(result.example ?? "")")
    }
    let logits = try compareLogits(
      units.flatMap(\.logits), reference, tolerance: Self.logitTolerance)
    guard violations.isEmpty, logits.isEmpty else {
      return .refuted(by: reference.origin.tool, findings: violations + logits)
    }
    let differing = results.reduce(0) { $0 + $1.differing }
    let worst = results.map(\.worst).max() ?? 0
    return .confirmed(
      by: reference.origin.tool,
      detail: "by replay: \(differing) borderline neuron\(differing == 1 ? "" : "s") in "
        + "\(results.count) groups, at most \(worst) of the bound")
  }
}
