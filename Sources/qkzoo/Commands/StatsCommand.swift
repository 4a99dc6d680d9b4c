import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Datasets
import Diagnostics
import Digests
import Evaluation
import FileAccess
import ModelZoo
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles

/// Firing rates, synaptic operations and energy.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Measure firing rates, synaptic operations and energy on named input.",
    discussion: """
      The model runs under its own scope, or that of --scope; in scope `batch` an input tensor is \
      one batch, and labelled samples run in batches of the released code's size, unless --batch \
      says another. With labelled samples (--data) the accuracy is measured too; they are read \
      batch by batch. Energy conventions differ by \
      factors, so each is printed under its name; docs/evaluation.md defines them. --cost takes \
      {"schema": "qkzoo.costs/1", "name": TEXT, "accumulate_pj": NUMBER, \
      "multiply_accumulate_pj": NUMBER}.

      EXAMPLES
        qkzoo stats model.qkz.h5 --data digits-test.safetensors
        qkzoo stats HST-10-384 --dataset imagenet-1k --data imagenet/val --convention paper
        qkzoo stats model.qkz.h5 --data digits-test.safetensors --cost chip.json
        qkzoo stats model.qkz.h5 --input probe.safetensors:input --scope sample --json
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("Input samples.", valueName: "file[:tensor]"))
  var input: String?

  @OptionGroup var samples: DatasetArgument
  @OptionGroup var scope: ScopeOptions

  @Option(
    help: ArgumentHelp(
      "Also write accuracy and exact spike counts as records for `convert`.", valueName: "file"))
  var records: String?

  @OptionGroup var energy: EnergyOptions
  @OptionGroup var running: EngineOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if input != nil && samples.isNamed {
      throw ValidationError("--input excludes --dataset, --data, --labels and --class-names")
    }
    if records != nil && input != nil {
      throw ValidationError("--records needs labelled samples, not --input")
    }
    try OutputRule.refuse(
      records, "--records", files: model.files + [samples.data, samples.labels, energy.cost])
  }

  /// What was run, and under which setting.
  private struct Measurement {
    let graph: ModelGraph
    let setting: ScopeSetting
    let input: String
    let activity: ActivityCounter
    let modelID: Digest
    var evaluation: SplitEvaluation?
  }

  func run() throws {
    try rule.admit(records)
    let (checkpoint, named) = try model.load()
    let costs = try energy.costs()
    let measurement =
      try input.map { try measure(checkpoint, on: $0) } ?? measure(checkpoint, named)
    if let records, let evaluation = measurement.evaluation {
      try AtomicFile.replace(records, with: evaluation.records.json.canonicalBytes)
    }
    format.print(report(measurement, costs))
  }

  /// On labelled samples.
  private func measure(_ checkpoint: Checkpoint, _ named: ZooEntry?) throws -> Measurement {
    let modelID = try checkpoint.identity().modelID
    let entry = try named ?? model.zoo.load().entry(of: modelID)
    let opened = try samples.open(entry, checkpoint.configuration, model.zoo)
    let setting = try scope.setting(
      of: checkpoint.configuration,
      usual: ReleasedSettings(dataset: opened.dataset.name).batchSize)
    let engine = try running.prepare(checkpoint, scope: setting.scope)
    let progress = Progress("stats", total: opened.dataset.count)
    let evaluation = try SplitEvaluation(
      engine, opened.loader, batchSize: setting.batchSize,
      synapses: energy.synapses(engine.graph, checkpoint), progress: progress.advance)
    return Measurement(
      graph: engine.graph, setting: setting, input: evaluation.dataset,
      activity: evaluation.activity, modelID: modelID, evaluation: evaluation)
  }

  /// On a tensor.
  private func measure(_ checkpoint: Checkpoint, on input: String) throws -> Measurement {
    let setting = try scope.setting(of: checkpoint.configuration)
    let engine = try running.prepare(checkpoint, scope: setting.scope)
    let synapses = try energy.synapses(engine.graph, checkpoint)
    let batch = try InputBatch(
      TensorSource.read(input), for: engine.graph, name: input)
    let progress = Progress("stats", total: batch.batch)
    let units = try engine.run(
      batch, batchSize: setting.batchSize, observer: { _ in ActivityCounter(synapses) },
      progress: progress.advance)
    return Measurement(
      graph: engine.graph, setting: setting, input: input,
      activity: ActivityCounter.total(units.map(\.observer)),
      modelID: try checkpoint.identity().modelID)
  }

  private func report(_ measurement: Measurement, _ costs: EnergyCosts) -> Report {
    let activity = measurement.activity
    let graph = measurement.graph.resized(
      to: activity.inputSize ?? measurement.graph.inputShape.size)
    let neurons = graph.neurons
    let layers = graph.operations
    let estimates = energy.conventions.map {
      EnergyEstimate($0, graph: graph, activity: activity, costs: costs)
    }
    var members: [String: JSON] = [
      "model_id": .string(measurement.modelID.hex), "input": .string(measurement.input),
      "samples": .integer(activity.samples),
      "neurons": .array(neurons.compactMap { Self.json($0, activity) }),
      "layers": .array(layers.map { Self.json($0, activity) }),
      "costs": costs.json, "energy": .array(estimates.map(EnergyOptions.json)),
    ].merging(measurement.setting.members) { $1 }
    if let evaluation = measurement.evaluation {
      members["accuracy"] = [
        "dataset": .string(evaluation.dataset), "evaluation": .string(evaluation.evaluation),
        "correct": .integer(evaluation.correct), "n": .integer(evaluation.answers.count),
        "samples_without_events": .integer(evaluation.samplesWithoutEvents),
        "notes": .array(evaluation.notes.map { .string($0) }),
      ]
    }
    let text: [PrintedText] = [
      "\(measurement.setting.words)", rateTable(neurons, activity), inputTable(layers, activity),
      EnergyOptions.table(estimates, costs), "\(summary(measurement))",
    ]
    return Report("stats", members, text: text.joined(separator: "\n\n"))
  }

  // MARK: Text

  private func rateTable(_ neurons: [NeuronGroup], _ activity: ActivityCounter) -> PrintedText {
    var table = TextTable()
    table.add("NEURONS", "SHAPE", "FIRING RATE", "SPIKES BY STEP")
    for group in neurons {
      guard let spikes = activity.spikes[group.path] else { continue }
      table.add(
        group.path, "\(group.shape)", spikes.firingRate.formatted(4),
        spikes.perStep.map(\.grouped).joined(separator: " "))
    }
    return table.text
  }

  private func inputTable(_ layers: [LayerOperations], _ activity: ActivityCounter) -> PrintedText {
    var table = TextTable()
    table.add("LAYER", "MACs EACH STEP", "INPUT DENSITY", "MEAN COUNT", "LARGEST")
    for layer in layers {
      let input = activity.inputs[layer.path]
      table.add(
        layer.path, layer.accumulates.grouped, input.map { $0.density.formatted(4) } ?? "-",
        input.map { $0.meanCount.formatted(4) } ?? "-", input.map { "\($0.largest)" } ?? "-")
    }
    return table.text
  }

  private func summary(_ measurement: Measurement) -> String {
    let end = "\(measurement.activity.samples) samples, model \(measurement.modelID.short)"
    guard let record = measurement.evaluation?.records.accuracy.first else { return end }
    return "\(record.correct) of \(record.count) right, \(record.value.percent) ± "
      + "\((record.standardError * 100).formatted(2)); " + end
      + NoEvents.suffix(measurement.evaluation?.samplesWithoutEvents ?? 0)
  }

  // MARK: JSON

  private static func json(_ group: NeuronGroup, _ activity: ActivityCounter) -> JSON? {
    activity.spikes[group.path].map { spikes in
      [
        "path": .string(group.path), "shape": .array(group.shape.map { .integer($0) }),
        "firing_rate": .number(spikes.firingRate),
        "firing_rates": .array(spikes.ratePerStep.map { .number($0) }),
        "spikes": .array(spikes.perStep.map { .integer($0) }),
      ]
    }
  }

  private static func json(_ layer: LayerOperations, _ activity: ActivityCounter) -> JSON {
    var members: [String: JSON] = [
      "path": .string(layer.path), "kind": .string(layer.kind.rawValue),
      "accumulates_per_step": .integer(layer.accumulates),
    ]
    if let input = activity.inputs[layer.path] {
      members["input"] = [
        "density": .number(input.density), "mean_count": .number(input.meanCount),
        "largest": .integer(input.largest),
      ]
    }
    return .object(members)
  }
}
