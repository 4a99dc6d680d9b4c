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
import SpikingModels

/// The most likely classes of pictures.
struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "Name the most likely classes of pictures.",
    discussion: """
      Takes JPEG and PNG files, and folders of them; what else is in a folder, and folders in it, are \
      passed over and said. A picture is decoded, resized and normalised to \
      the byte as the released code does it on Pillow and torchvision. Each picture is run alone, \
      under scope `sample`.

      EXAMPLES
        qkzoo classify model.qkz.h5 cat.jpg dog.png
        qkzoo classify model.qkz.h5 photographs --top 3 --skip-bad --json
      """)

  @OptionGroup var model: ModelArgument

  @Argument(help: "Pictures, and folders of pictures.")
  var images: [String]

  @Option(help: ArgumentHelp("How many classes of each picture to name.", valueName: "k"))
  var top = 5

  @Option(
    help: ArgumentHelp(
      "The names of the classes, one in a line, instead of the zoo entry's.", valueName: "file"))
  var classNames: String?

  @Flag(help: "Leave out pictures that cannot be read, and list them.")
  var skipBad = false

  @OptionGroup var running: EngineOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top must be at least 1") }
  }

  func run() throws {
    let (checkpoint, named) = try model.load()
    let modelID = try checkpoint.identity().modelID
    let zoo = try model.zoo.load()
    let entry = named ?? zoo.entry(of: modelID)
    let (preprocessing, note) = try PicturePreprocessing.steps(
      for: checkpoint.configuration, entry: entry, at: model.model)
    let names = try names(checkpoint.configuration, entry.flatMap { zoo.labels[$0.labels] })
    let dataset = try LabelledDataset.pictures(images)
    let passedOver = try LabelledDataset.passedOver(images)
    let notes = [note].compactMap { $0 } + notes(checkpoint.configuration)
    for note in notes { StandardError.print("qkzoo: \(note)") }
    let engine = try running.prepare(checkpoint, scope: .sample)
    let progress = Progress("classify", total: dataset.count)
    let result = try Classification(
      engine, SampleLoader(dataset, preprocessing, skipsBadSamples: skipBad),
      count: min(top, checkpoint.configuration.classes), progress: progress.advance)
    for excluded in result.excluded {
      StandardError.print("qkzoo: skipped: \(excluded.failure.message)")
    }
    guard !result.answers.isEmpty else {
      throw EvaluationFailure(
        .empty, at: images.joined(separator: ", "), expected: "a picture that can be read",
        found: "none of \(result.excluded.count)")
    }
    for path in passedOver {
      StandardError.print("qkzoo: no picture, passed over: \(path)")
    }
    format.print(report(result, preprocessing, names, modelID, notes, passedOver))
  }

  /// The names in a file, else those of the zoo entry that has this model.
  private func names(
    _ configuration: ModelConfiguration, _ ofEntry: [String]?
  ) throws -> [String] {
    guard let classNames else {
      return ofEntry?.count == configuration.classes ? ofEntry ?? [] : []
    }
    return try ClassNames.read(classNames, count: configuration.classes)
  }

  private func notes(_ configuration: ModelConfiguration) -> [String] {
    guard configuration.scope == .batch else { return [] }
    return [
      "this model's published figure was measured in batches, where images influence each other; "
        + "here each picture is alone (see `qkzoo eval audit`)"
    ]
  }

  private func report(
    _ result: Classification, _ preprocessing: PicturePreprocessing, _ names: [String],
    _ modelID: Digest, _ notes: [String], _ passedOver: [String]
  ) -> Report {
    var table = TextTable()
    table.add("PICTURE", "CLASS", "NAME", "PROBABILITY", "LOGIT")
    for answer in result.answers {
      for (rank, candidate) in answer.candidates.enumerated() {
        table.add(
          rank == 0 ? answer.name : "", "\(candidate.label)",
          names.isEmpty ? "-" : names[candidate.label], candidate.probability.percent,
          "\(candidate.logit)")
      }
    }
    return Report(
      "classify",
      [
        "model_id": .string(modelID.hex), "scope": "sample",
        "preprocessing": preprocessing.json,
        "notes": .array(notes.map { .string($0) }),
        "passed_over": .array(passedOver.map { .string($0) }),
        "pictures": .array(result.answers.map { Self.json($0, names) }),
        "skipped": .array(
          result.excluded.map {
            ["file": .string($0.name), "reason": .string($0.failure.description)]
          }),
      ],
      text: "\(table.text)\n\n\(preprocessing.summary); each picture alone, model \(modelID.short)")
  }

  private static func json(_ answer: Classification.Answer, _ names: [String]) -> JSON {
    [
      "file": .string(answer.name),
      "top": .array(
        answer.candidates.map { candidate in
          var members: [String: JSON] = [
            "class": .integer(candidate.label), "logit": .number(Double(candidate.logit)),
            "probability": .number(candidate.probability),
          ]
          if !names.isEmpty { members["name"] = .string(names[candidate.label]) }
          return .object(members)
        }),
    ]
  }
}
