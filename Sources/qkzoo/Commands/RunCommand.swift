import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import Evaluation
import FileAccess
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles
import Verification

/// The forward pass on tensors.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a model on a tensor and write its logits.",
    discussion: """
      The input is [B,C,H,W], or [B,T,C,H,W] for event frames. A model of scope `batch` takes it as \
      one batch, or in batches of --batch.

      EXAMPLES
        qkzoo run model.qkz.h5 --input probe.safetensors:input -o logits.safetensors
        qkzoo run model.qkz.h5 --input x.npy --record-spikes spikes.json
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("The input tensor.", valueName: "file[:tensor]"))
  var input: String

  @OptionGroup var scope: ScopeOptions

  @Option(
    help: ArgumentHelp("Write spike counts and digests of every neuron group.", valueName: "file"))
  var recordSpikes: String?

  @Option(name: [.short, .long], help: "Write tensor `logits` to this .safetensors file.")
  var output: String?

  @OptionGroup var running: EngineOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if let output, !output.hasSuffix(".safetensors") {
      throw ValidationError("-o must end in .safetensors")
    }
    try OutputRule.refuse(output, files: model.files, tensors: [input])
    try OutputRule.refuse(
      recordSpikes, "--record-spikes", files: model.files + [output], tensors: [input])
  }

  func run() throws {
    try rule.admit(output, recordSpikes)
    let checkpoint = try model.load().checkpoint
    let setting = try scope.setting(of: checkpoint.configuration)
    let engine = try running.prepare(checkpoint, scope: setting.scope)
    let tensor = try TensorSource.read(input)
    let samples = try InputBatch(tensor, for: engine.graph, name: input)
    let progress = Progress("run", total: samples.batch)
    let units = try engine.run(
      samples, batchSize: setting.batchSize, observer: { _ in SpikeRecorder() },
      progress: progress.advance)
    let logits = units.flatMap(\.logits)
    let groups = SpikeRecorder.joined(units.map(\.observer))
    let modelID = try checkpoint.identity().modelID.hex
    if let output {
      let values = Tensor([logits.count, logits.first?.count ?? 0], logits.flatMap { $0 })
      try SafetensorsWriter.write(
        ["logits": values],
        metadata: ["qkzoo.model_id": modelID, "qkzoo.scope": setting.scope.rawValue], to: output)
    }
    if let recordSpikes {
      let members: [String: JSON] = [
        "schema": "qkzoo.spikes/1", "model_id": .string(modelID),
        "groups": .array(groups.map { Self.json($0, checkpoint.plan) }),
      ]
      try AtomicFile.replace(
        recordSpikes,
        with: JSON.object(members.merging(setting.members) { $1 }).canonicalBytes)
    }
    format.print(report(logits, groups, setting, modelID))
  }

  private static func json(_ group: SpikeRecorder.Group, _ plan: NetworkPlan) -> JSON {
    [
      "path": .string(group.neurons.path),
      "upstream_name": .string(plan.upstreamName(of: group.neurons)),
      "shape": .array(group.neurons.shape.map { .integer($0) }),
      "counts": .array(group.counts.map { .array($0.map { .integer($0) }) }),
      "sha256": .array(group.digests.map { .array($0.map { .string($0.hex) }) }),
    ]
  }

  private func report(
    _ logits: [[Float]], _ groups: [SpikeRecorder.Group], _ setting: ScopeSetting,
    _ modelID: String
  ) -> Report {
    let answers = logits.map(SplitEvaluation.answer)
    var table = TextTable()
    table.add("SAMPLE", "ANSWER", "LOGIT")
    for (sample, answer) in answers.enumerated() {
      table.add("\(sample)", "\(answer)", "\(logits[sample][answer])")
    }
    let spikes = groups.reduce(0) { $0 + $1.counts.reduce(0) { $0 + $1.reduce(0, +) } }
    let members: [String: JSON] = [
      "model_id": .string(modelID), "input": .string(input),
      "answers": .array(answers.map { .integer($0) }),
      "logits": .array(logits.map { .array($0.map { .number(Double($0)) }) }),
      "spikes": .integer(spikes),
    ]
    return Report(
      "run", members.merging(setting.members) { $1 },
      text: "\(setting.words)\n\(table.text)\n\(spikes.grouped) spikes in \(groups.count) groups, "
        + "model \(modelID.prefix(12))")
  }
}
