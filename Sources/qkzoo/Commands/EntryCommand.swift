import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import FileAccess
import ModelZoo
import SpikingModels

/// Making and checking descriptions of models.
struct EntryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "entry", abstract: "Begin an entry of the zoo, or check one.",
    subcommands: [EntryNewCommand.self, EntryCheckCommand.self])
}

/// The beginning of an entry.
struct EntryNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Write an entry with all that a preset or a checkpoint tells; people add the rest.",
    discussion: """
      docs/own-zoo.md shows a whole zoo.

      EXAMPLES
        qkzoo entry new --model mine.qkz.h5 --dataset cifar10 --suffix mine -o entry.json
        qkzoo entry new --preset HST-10-384 --dataset in1k --labels imagenet-1k -o entry.json
      """)

  @Option(help: ArgumentHelp("A checkpoint (.qkz.h5).", valueName: "file"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The labelled samples that its records were measured on, beside the checkpoint.",
      valueName: "file"))
  var testData: String?

  @Option(
    help: ArgumentHelp(
      "A configuration that `qkzoo presets` lists, or that of a zoo entry.", valueName: "name"))
  var preset: String?

  @Option(help: "The dataset, as in in1k or cifar10.")
  var dataset: String

  @Option(help: "What distinguishes it from another model of the same name.")
  var suffix: String?

  @Option(help: "The list of class names (default: called as the dataset).")
  var labels: String?

  @Option(name: [.short, .long], help: "Where to write; a file that exists is not replaced.")
  var output: String

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, files: [])
    if (model == nil) == (preset == nil) {
      throw ValidationError("name either --model or --preset")
    }
    if testData != nil && model == nil { throw ValidationError("--test-data needs --model") }
  }

  func run() throws {
    try rule.admit(output)
    let json = try draft()
    // What the options say may be no name that an entry can have.
    let entry = try ZooEntry(json: json, at: output)
    try AtomicFile.replace(output, with: Array((json.indentedText + "\n").utf8))
    // Only now is the folder of the entry one that a zoo can have.
    let index = try zoo.load()
    if index.labels[entry.labels] == nil {
      StandardError.print(
        "qkzoo: \(output): --labels: expected \(index.labelsText), found \(entry.labels)")
    }
    format.print(
      Report(
        "entry-new", ["output": .string(output), "entry": .string(entry.name)],
        text: "\(output): \(entry.name); add title, licences, sources, figures and notes, then: "
          + "qkzoo entry check \(output)"))
  }

  private func draft() throws -> JSON {
    let labels = labels ?? dataset
    if let model {
      return try EntryDraft.json(
        CheckpointFile.openVerified(model).checkpoint(), file: model, testData: testData,
        dataset: dataset, suffix: suffix, labels: labels)
    }
    return EntryDraft.json(
      try zoo.preset(preset ?? "").configuration, dataset: dataset, suffix: suffix,
      labels: labels)
  }
}

/// Everything that is wrong with entries.
struct EntryCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say what is wrong with entries: members, names, counts, figures, sources, files.",
    discussion: """
      EXAMPLES
        qkzoo entry check zoo/entries/*/entry.json
      """)

  @Argument(help: "Files that describe entries.")
  var files: [String]

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if files.isEmpty { throw ValidationError("name the file of an entry") }
  }

  func run() throws {
    let index = try zoo.load()
    var findings: [ZooFailure] = []
    for file in files {
      let entry = try ZooEntry(file: file)
      findings += try EntryCheck(
        entry, in: index, folder: Files.directory(of: file), place: file
      ).findings
    }
    format.print(report(findings))
    if !findings.isEmpty { throw ExitCode(FailureKind.wrong.rawValue) }
  }

  private func report(_ findings: [ZooFailure]) -> Report {
    let items = findings.map { finding -> JSON in
      [
        "place": .string(finding.place), "expected": .string(finding.expected),
        "found": .string(finding.found),
      ]
    }
    let verdict: PrintedText =
      "\(files.count.of("entry", "entries")), \(findings.count.of("finding"))"
    return Report(
      "entry-check",
      [
        "files": .array(files.map { .string($0) }), "holds": .bool(findings.isEmpty),
        "findings": .array(items),
      ], text: (findings.map(\.message) + [verdict]).joined(separator: "\n"))
  }
}
