import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import ModelZoo
import QKFormerModel

/// Which published model is this?
struct IdentifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identify",
    abstract: "Say which published model a file is, by its digests and its weights.",
    discussion: """
      MD5 and SHA-256 recognise the file; the weights-id recognises the weights in any container \
      under any naming. Anything else is circumstantial and labelled so.

      EXAMPLES
        qkzoo identify checkpoint-199.pth
      """)

  @Argument(help: "A file, or an entry's name.")
  var file: String

  @Option(
    help: ArgumentHelp("Which state dict, if the file has several.", valueName: "name"))
  var weights: String?

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func run() throws {
    let (path, _) = try zoo.locate(file)
    format.print(
      ModelFile.isCheckpoint(path) ? try identifyCheckpoint(path) : try identifyForeign(path))
  }

  private func identifyCheckpoint(_ file: String) throws -> Report {
    let checkpoint = try CheckpointFile.open(file).checkpoint()
    let identity = try checkpoint.identity()
    return try report(
      container: "qkz.h5", digests: FileDigests(ofFile: file), identity.weightsID,
      modelID: identity.modelID, evidence: [("architecture", checkpoint.configuration.summary)])
  }

  private func identifyForeign(_ file: String) throws -> Report {
    let assembly = try ModelAssembly(path: file, weights: weights)
    var evidence = [("architecture", assembly.summary)]
    for preset in assembly.fittingPresets { evidence.append(("fits preset", preset.name)) }
    for (name, value) in assembly.file.facts.sorted(by: { $0.key < $1.key }) {
      let text = value.canonicalText
      if text.count <= 60 { evidence.append((name, text)) }
    }
    return try report(
      container: assembly.file.container.rawValue, digests: assembly.digests,
      try assembly.weightsID(), modelID: nil, evidence: evidence)
  }

  private func report(
    container: String, digests: FileDigests, _ weightsID: Digest, modelID: Digest?,
    evidence: [(String, String)]
  ) throws -> Report {
    let matches = try zoo.load().matches(digests: digests, weightsID: weightsID)
    var table = TextTable()
    table.add("file", "\(file), \(container), \(digests.size.grouped) bytes")
    table.add("MD5", digests.md5.hex)
    table.add("SHA-256", digests.sha256.hex)
    table.add("weights-id", weightsID.hex)
    if let modelID { table.add("model-id", modelID.hex) }
    for match in matches { table.add("identified", "\(match.entry.name) by \(match.by)") }
    if matches.isEmpty { table.add("identified", "no entry has this file or these weights") }
    for (name, value) in evidence { table.add("circumstantial", "\(name): \(value)") }
    let matched = matches.map { match -> JSON in
      ["entry": .string(match.entry.name), "by": .string(match.by)]
    }
    return Report(
      "identify",
      [
        "file": .string(file), "container": .string(container), "size": .integer(digests.size),
        "md5": .string(digests.md5.hex), "sha256": .string(digests.sha256.hex),
        "weights_id": .string(weightsID.hex), "model_id": .optional(modelID?.hex),
        "identified": .array(matched),
        "circumstantial": .array(
          evidence.map { ["what": .string($0.0), "value": .string($0.1)] }),
      ], text: table.text)
  }
}
