import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import Evaluation
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles
import Verification

/// What is different between two models.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two models: configuration, tensors, and on request behaviour.",
    discussion: """
      Lists every tensor that is missing, has another shape, or other values. With --behaviour both \
      run on the same input, each under its own scope or that of --scope, in scope `batch` as one \
      batch; the first layer whose spikes differ is named. With --on both answer labelled samples, \
      each alone (scope `sample`), and answers and accuracy are compared. Exits 1 if \
      anything differs.

      Labelled samples are a .safetensors file with labels and images or frames, as the zoo's \
      test data, the folder of CIFAR's binary files, or a folder with a folder of pictures or event \
      frames for each class.

      EXAMPLES
        qkzoo diff epoch-198.qkz.h5 epoch-199.qkz.h5
        qkzoo diff qkformer-digits mine.pth --behaviour
        qkzoo diff a.pth b.pth --preset HST-10-384 --behaviour --input images.npy
        qkzoo diff epoch-198.qkz.h5 epoch-199.qkz.h5 --on digits-test.safetensors
      """)

  @Argument(help: "A path, an entry's name, or six or more digits of a model-id.")
  var first: String

  @Argument(help: "The other model.")
  var second: String

  @Flag(help: "Run both and name the first layer whose spikes differ.")
  var behaviour = false

  @Option(
    help: ArgumentHelp(
      "The input for --behaviour; without it, the probe that the first model carries.",
      valueName: "file[:tensor]"))
  var input: String?

  @Option(
    help:
      "For --behaviour, over what SSA's projection neuron keeps its state (default: as each has it)."
  )
  var scope: NeuronScope?

  @Option(
    help: ArgumentHelp("Run both on labelled samples and compare their answers.", valueName: "data")
  )
  var on: String?

  @OptionGroup var running: EngineOptions
  @OptionGroup var foreign: ForeignOptions
  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if !behaviour, input != nil || scope != nil {
      throw ValidationError("--input and --scope need --behaviour")
    }
  }

  func run() throws {
    let models = try [first, second].map(load)
    let members = Self.differingMembers(models[0].configuration, models[1].configuration)
    let tensors = try ModelDifference.tensors(models[0], models[1])
    let behaviour = behaviour ? try compareBehaviour(models) : nil
    let answers = try on.map { try compareAnswers(models, $0) }
    let differs =
      !members.isEmpty || !tensors.isEmpty || behaviour.map { !$0.isNone } ?? false
      || answers.map { !$0.changes.isEmpty } ?? false
    format.print(try report(models, members, tensors, behaviour, answers, differs))
    if differs { throw ExitCode(FailureKind.wrong.rawValue) }
  }

  /// A foreign file gets the configuration that was asked for; ours state their own.
  private func load(_ model: String) throws -> Checkpoint {
    let (path, _) = try zoo.locate(model)
    return ModelFile.isCheckpoint(path)
      ? try CheckpointFile.openVerified(path).checkpoint()
      : try ModelFile.importModel(path, foreign, zoo).checkpoint
  }

  /// Top-level members of the configurations that are not the same.
  private static func differingMembers(
    _ first: ModelConfiguration, _ second: ModelConfiguration
  ) -> [String] {
    let (left, right) = (first.json.object ?? [:], second.json.object ?? [:])
    return left.keys.filter { left[$0] != right[$0] }.sorted()
  }

  // MARK: Behaviour

  private func compareBehaviour(_ models: [Checkpoint]) throws -> BehaviourDifference {
    let tensor = try probe(models[0])
    let engines = try models.map { try running.prepare($0, scope: scope) }
    let inputs = try engines.map {
      try InputBatch(tensor, for: $0.graph, name: input ?? "\(first) reference input")
    }
    guard engines[0].graph.hasSameNeurons(as: engines[1].graph, for: inputs[0].size) else {
      throw ValidationError("--behaviour compares models with the same layers and time steps")
    }
    return try BehaviourDifference.compare(
      (engines[0], engines[1]), on: (inputs[0], inputs[1]))
  }

  private func probe(_ model: Checkpoint) throws -> Tensor {
    if let input { return try TensorSource.read(input) }
    guard let reference = model.references.first else {
      throw ValidationError("\(first) carries no probe; --behaviour needs --input")
    }
    return reference.input
  }

  // MARK: Report

  private func report(
    _ models: [Checkpoint], _ members: [String], _ tensors: [TensorDifference],
    _ behaviour: BehaviourDifference?, _ answers: AnswerDifference?, _ differs: Bool
  ) throws -> Report {
    let ids = try models.map { try $0.identity().modelID.hex }
    let count = Set(models.flatMap { $0.parameters.keys }).count
    var table = TextTable()
    table.add("first", "\(first), model \(ids[0].prefix(12))")
    table.add("second", "\(second), model \(ids[1].prefix(12))")
    table.add("configuration", members.isEmpty ? "the same" : members.joined(separator: ", "))
    table.add("tensors", "\(count - tensors.count) of \(count) the same")
    let scopes = try models.map {
      try ScopeSetting($0.configuration, scope: scope, batch: nil)
    }
    if let behaviour {
      let words = scopes.map(\.words)
      table.add(
        "scope", words[0] == words[1] ? words[0] : "first: \(words[0]); second: \(words[1])")
      table.add("behaviour", Self.text(behaviour))
    }
    if let answers { Self.add(answers, to: &table) }
    var list = TextTable()
    if !tensors.isEmpty { list.add("TENSOR", "EQUAL", "LARGEST", "RELATIVE", "WHAT") }
    for tensor in tensors { Self.add(tensor, to: &list) }
    return Report(
      "diff",
      [
        "first": .string(first), "second": .string(second), "differs": .bool(differs),
        "model_ids": .array(ids.map { .string($0) }),
        "configuration": .array(members.map { .string($0) }),
        "tensors_compared": .integer(count),
        "tensors": .array(tensors.map(Self.json)),
        "behaviour": behaviour.map { Self.json($0, scopes) } ?? .null,
        "answers": answers.map(Self.json) ?? .null,
      ],
      text: [table.text, tensors.isEmpty ? "" : "\n\n\(list.text)", answers.map(Self.list) ?? ""]
        .joined())
  }

  private static func add(_ tensor: TensorDifference, to table: inout TextTable) {
    let types = "\(tensor.first ?? "none"), \(tensor.second ?? "none")"
    guard case .values(let values) = tensor.kind else {
      table.add(tensor.path, "", "", "", types)
      return
    }
    func text(_ value: Double?) -> String { value.map { "\(Float($0))" } ?? "not finite" }
    table.add(
      tensor.path, "\((values.share * 100).formatted(2)) %", text(values.largest),
      text(values.largestRelative), tensor.first == tensor.second ? "" : types)
  }

  private static func text(_ behaviour: BehaviourDifference) -> String {
    guard let place = behaviour.first else {
      return "every spike of \(behaviour.groups.all) groups the same, "
        + "logits within \(behaviour.largestLogit ?? .nan)"
    }
    return "\(behaviour.groups.differing) of \(behaviour.groups.all) groups differ, first "
      + "\(place.path) at step \(place.step) of sample \(place.sample): "
      + "\(place.counts[0].grouped) and \(place.counts[1].grouped) spikes"
  }

  private static func json(_ tensor: TensorDifference) -> JSON {
    var members: [String: JSON] = [
      "path": .string(tensor.path), "first": .optional(tensor.first),
      "second": .optional(tensor.second), "values": .null,
    ]
    if case .values(let values) = tensor.kind {
      members["values"] = [
        "count": .integer(values.count), "equal": .integer(values.equal),
        "largest_difference": values.largest.map { .number($0) } ?? .null,
        "largest_relative_difference": values.largestRelative.map { .number($0) } ?? .null,
      ]
    }
    return .object(members)
  }

  private static func json(_ behaviour: BehaviourDifference, _ scopes: [ScopeSetting]) -> JSON {
    let first = behaviour.first.map { place -> JSON in
      [
        "path": .string(place.path), "step": .integer(place.step),
        "sample": .integer(place.sample),
        "spikes": .array(place.counts.map { .integer($0) }),
      ]
    }
    return [
      "scopes": .array(scopes.map { .string($0.scope.rawValue) }),
      "first": first ?? .null, "groups": .integer(behaviour.groups.all),
      "groups_differing": .integer(behaviour.groups.differing),
      "largest_logit_difference": behaviour.largestLogit.map { .number(Double($0)) } ?? .null,
    ]
  }
}
