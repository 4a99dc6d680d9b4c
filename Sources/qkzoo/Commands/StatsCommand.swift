import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import Evaluation
import FileAccess
import QKFormerModel
import SpikeInference
import SpikeTensors
import TensorFiles

/// Firing rates, synaptic operations and energy.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Measure firing rates, synaptic operations and energy on named input.",
    discussion: """
      With --dataset the accuracy is measured too, each sample alone. Energy conventions differ by \
      factors, so each is printed under its name; docs/evaluation.md defines them. --cost takes \
      {"schema": "qkzoo.costs/1", "name": TEXT, "accumulate_pj": NUMBER, \
      "multiply_accumulate_pj": NUMBER}.

      EXAMPLES
        qkzoo stats model.qkz.h5 --dataset digits-test.safetensors
        qkzoo stats model.qkz.h5 --dataset digits-test.safetensors --convention paper --cost chip.json
        qkzoo stats model.qkz.h5 --input probe.safetensors:input --json
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("Input samples.", valueName: "file[:tensor]"))
  var input: String?

  @Option(help: ArgumentHelp("Labelled samples.", valueName: "file"))
  var dataset: String?

  @Option(
    help: ArgumentHelp(
      "Also write accuracy and exact spike counts as records for `convert`.", valueName: "file"))
  var records: String?

  @OptionGroup var energy: EnergyOptions
  @OptionGroup var running: EngineOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    guard (input == nil) != (dataset == nil) else {
      throw ValidationError("one of --input and --dataset is needed")
    }
    if records != nil && dataset == nil {
      throw ValidationError("--records needs --dataset")
    }
  }

  func run() throws {
    let checkpoint = try model.load().checkpoint
    // Activity is a property of each sample; a batch would mix them.
    let engine = try running.prepare(checkpoint, scope: .sample)
    let modelID = try checkpoint.identity().modelID.hex
    let costs = try energy.costs()
    let synapses = try energy.synapses(engine.plan, checkpoint)
    if let dataset {
      let samples = try LabelledSamples(path: dataset)
      let progress = Progress("stats", total: samples.count)
      let evaluation = try SplitEvaluation(
        engine, samples, synapses: synapses, progress: progress.advance)
      if let records {
        try AtomicFile.replace(records, with: evaluation.records.json.canonicalBytes)
      }
      let size = SpatialSize(ofInput: samples.images.shape)
      format.print(report(engine.plan, size, evaluation.activity, evaluation, modelID, costs))
    } else if let input {
      let tensor = try TensorSource.read(input)
      let batch = try InputBatch(tensor, for: engine.plan.configuration, name: input)
      let progress = Progress("stats", total: batch.batch)
      let units = try engine.run(
        batch, observer: { _ in ActivityCounter(synapses) }, progress: progress.advance)
      let activity = ActivityCounter.total(units.map(\.observer))
      let size = SpatialSize(ofInput: tensor.shape)
      format.print(report(engine.plan, size, activity, nil, modelID, costs))
    }
  }

  private func report(
    _ plan: NetworkPlan, _ size: SpatialSize, _ activity: ActivityCounter,
    _ evaluation: SplitEvaluation?, _ modelID: String, _ costs: EnergyCosts
  ) -> Report {
    let neurons = plan.neurons(for: size)
    let layers = plan.operations(for: size)
    let estimates = energy.conventions.map {
      EnergyEstimate($0, plan: plan, size: size, activity: activity, costs: costs)
    }
    var text = [rateTable(neurons, activity), inputTable(layers, activity)]
    text.append(EnergyOptions.table(estimates, costs))
    text.append(summary(activity, evaluation, modelID))
    var members: [String: JSON] = [
      "model_id": .string(modelID), "input": .string(input ?? dataset ?? ""),
      "samples": .integer(activity.samples),
      "neurons": .array(neurons.compactMap { Self.json($0, activity) }),
      "layers": .array(layers.map { Self.json($0, activity) }),
      "costs": costs.json, "energy": .array(estimates.map(EnergyOptions.json)),
    ]
    if let evaluation {
      members["accuracy"] = [
        "dataset": .string(evaluation.dataset), "evaluation": .string(evaluation.evaluation),
        "correct": .integer(evaluation.correct), "n": .integer(evaluation.answers.count),
      ]
    }
    return Report("stats", members, text: text.joined(separator: "\n\n"))
  }

  // MARK: Text

  private func rateTable(_ neurons: [NeuronGroup], _ activity: ActivityCounter) -> String {
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

  private func inputTable(_ layers: [LayerOperations], _ activity: ActivityCounter) -> String {
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

  private func summary(
    _ activity: ActivityCounter, _ evaluation: SplitEvaluation?, _ modelID: String
  ) -> String {
    let end = "\(activity.samples) samples, each alone, model \(modelID.prefix(12))"
    guard let evaluation, let record = evaluation.records.accuracy.first else { return end }
    return "\(record.correct) of \(record.count) right, \(record.value.percent) ± "
      + "\((record.standardError * 100).formatted(2)); " + end
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
