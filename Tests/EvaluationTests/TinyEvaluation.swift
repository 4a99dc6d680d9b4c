import CheckpointFormat
import Datasets
import Diagnostics
import Evaluation
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport

/// A tiny model and some samples of it.
struct TinyEvaluation {
  let checkpoint: Checkpoint
  let dataset: LabelledDataset

  init(
    count: Int = 23, bad: Set<Int> = [], larger: Set<Int> = [], infinite: Set<Int> = [],
    empty: Set<Int> = [], name: String = "tiny", split: String = "all", notes: [String] = [],
    family: QKFormer.Family = .cifar
  ) throws {
    let configuration = TinyModel.configuration(family)
    checkpoint = Checkpoint(
      configuration: configuration, parameters: TinyModel.parameters(configuration),
      provenance: { [:] })
    let input = TinyModel.input(configuration, batch: count)
    let values = try input.floats(name: "input")
    let width = values.count / count
    let shape = Array(input.shape.dropFirst())
    dataset = LabelledDataset(
      name: name, split: split, classNames: ["0", "1"],
      samples: (0..<count).map { .init(name: "tiny:\($0)", label: $0 * 2 / count) }, notes: notes
    ) { index in
      guard !empty.contains(index) else {
        return .tensor(Tensor(shape, [Float](repeating: 0, count: width)))
      }
      guard !bad.contains(index) else {
        throw DatasetFailure(.sample, at: "here", expected: "a sample", found: "none")
      }
      guard !larger.contains(index) else {
        return .tensor(Tensor(shape.dropLast() + [shape[2] * 2], Array(values.prefix(2 * width))))
      }
      let own = Array(values[index * width..<(index + 1) * width])
      return .tensor(Tensor(shape, infinite.contains(index) ? own.dropLast() + [.infinity] : own))
    }
  }

  func rules(
    _ name: EvaluationProtocol.Name = .released, batch: Int = 4,
    order: EvaluationProtocol.Order = .byClass
  ) -> EvaluationProtocol {
    let configuration = checkpoint.configuration
    return EvaluationProtocol(
      name: name, dataset: dataset.name, split: dataset.split,
      scope: name == .released ? .batch : .sample,
      batchSize: batch, order: order, timeSteps: configuration.timeSteps,
      size: NetworkPlan(configuration).nominalSize, preprocessing: "none",
      reportedPrecision: nil, source: "a test")
  }

  func run(
    _ rules: EvaluationProtocol? = nil, into folder: String, limit: Int? = nil,
    shard: Shard = .whole, classes: [String] = [], stopAfter batches: Int = .max,
    skips: Bool = false, engine: ForwardEngine = .fast
  ) throws -> EvaluationResult {
    let rules = rules ?? self.rules()
    var configuration = checkpoint.configuration
    configuration.scope = rules.scope
    let identity = try checkpoint.identity()
    let run = try EvaluationRun(
      rules,
      model: .init(
        modelID: identity.modelID, weightsID: identity.weightsID,
        configuration: configuration),
      SampleLoader(dataset, nil, skipsBadSamples: skips), file: nil, classes: classes,
      limit: limit, shard: shard)
    let plan = NetworkPlan(configuration)
    let forward = try engine.prepare(
      plan.graph, ModelWeights(plan.graph, parameters: checkpoint.parameters), threads: 1)
    var asked = 0
    return try run.run(
      forward, into: folder, machine: "a test",
      isStopped: {
        asked += 1
        return asked > batches
      })
  }

  /// The files of which the same evaluation always has the same bytes.
  static func bytes(_ folder: String) throws -> [[UInt8]] {
    try ["run.json", "samples.jsonl", "batches.jsonl"].map {
      try TestFiles.bytes("\(folder)/\($0)")
    }
  }
}
