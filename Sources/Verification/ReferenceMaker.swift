public import CheckpointFormat
import Digests
public import SpikeInference
public import SpikeTensors
package import SpikingModels

/// Makes references.
public enum ReferenceMaker {
  /// A reference by this software's own engine: evidence of consistency, not of correctness.
  ///
  /// - Throws: `InferenceFailure`, `TensorFailure`.
  public static func make(
    _ engine: some ForwardPass, input: Tensor, at place: String
  ) throws -> Reference {
    let batch = try InputBatch(input, for: engine.graph, name: place)
    let units = try engine.run(batch) { _ in SpikeRecorder() }
    let groups = SpikeRecorder.joined(units.map(\.observer))
    return make(
      groups, logits: units.flatMap(\.logits), input: input,
      scope: engine.graph.scope,
      origin: .init(
        tool: "qkzoo \(FormatVersion.software)", precision: "float32", isIndependent: false))
  }

  /// A reference from recorded groups.
  package static func make(
    _ groups: [SpikeRecorder.Group], logits: [[Float]], input: Tensor,
    scope: NeuronScope, origin: Reference.Origin,
    spikes: [String: Tensor] = [:]
  ) -> Reference {
    let steps = groups.first?.counts.count ?? 0
    let shape = [groups.count, steps, logits.count]
    let digests = groups.flatMap { $0.digests.flatMap { $0.flatMap(\.bytes) } }
    return Reference(
      origin: origin, scope: scope, input: input,
      logits: Tensor([logits.count, logits.first?.count ?? 0], logits.flatMap { $0 }),
      spikeCounts: Tensor(shape, groups.flatMap { $0.counts.flatMap { $0.map(UInt64.init) } }),
      spikeDigests: Tensor(shape + [32], digests), spikes: spikes)
  }
}
