import CheckpointFormat
import SpikeTensors
import SpikingModels

/// Elements with made-up content.
enum Samples {
  /// A reference with two samples whose spikes are all zero.
  static func reference(_ configuration: ModelConfiguration) -> Reference {
    let plan = NetworkPlan(configuration)
    let (steps, samples) = (configuration.timeSteps, 2)
    let frames = configuration.input.coding == .direct ? [] : [steps]
    let shape =
      [samples] + frames
      + [configuration.input.channels, configuration.input.height, configuration.input.width]
    func zeros(_ shape: [Int]) -> Tensor {
      Tensor(shape, [UInt8](repeating: 0, count: shape.reduce(1, *)))
    }
    let groups = plan.neurons
    return Reference(
      origin: .init(tool: "a pencil", precision: "exact", isIndependent: true), scope: .sample,
      input: Tensor(shape, [Float](repeating: 0.5, count: shape.reduce(1, *))),
      logits: Tensor(
        [samples, configuration.classes],
        [Float](repeating: 0.25, count: samples * configuration.classes)),
      spikeCounts: Tensor(
        [groups.count, steps, samples],
        [UInt64](repeating: 0, count: groups.count * steps * samples)),
      spikeDigests: zeros([groups.count, steps, samples, 32]),
      spikes: Dictionary(
        uniqueKeysWithValues: groups.map {
          ($0.path, zeros([steps, samples, ($0.count + 7) / 8]))
        }))
  }

  /// One record of each kind.
  static func records(_ configuration: ModelConfiguration) -> Records {
    let counts = Array(1...configuration.timeSteps)
    let paths = NetworkPlan(configuration).neurons.map(\.path)
    return Records(
      accuracy: [
        .init(
          dataset: "dice", evaluation: "per-image", correct: 2, count: 3, source: .measured,
          by: "a pencil", answers: [1, 0, 4])
      ],
      firing: [
        .init(
          dataset: "dice", evaluation: "per-image", count: 3, by: "a pencil",
          spikes: Dictionary(uniqueKeysWithValues: paths.map { ($0, counts) }))
      ])
  }
}
