import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import SpikingModels

/// Which published model is this?
struct IdentifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identify",
    abstract: "Say which published model a file is, by its digests and its weights.",
    discussion: """
      MD5 and SHA-256 recognise the file; the weights-id recognises the weights in any container \
      under any naming. Anything else is circumstantial and labelled so: the architecture that the \
      shapes tell, the number of parameters, and the nearest entry, by shapes and, where its \
      checkpoint is on this machine, by equal tensors. --witness prints what the entry lacks: the \
      digests and identities of this copy, as JSON.

      EXAMPLES
        qkzoo identify checkpoint-199.pth
        qkzoo identify checkpoint-199.pth --witness
      """)

  @Argument(help: "A file, or an entry's name.")
  var file: String

  @Option(
    help: ArgumentHelp("Which state dict, if the file has several.", valueName: "name"))
  var weights: String?

  @Flag(help: "Print the record that would complete the entry.")
  var witness = false

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  /// What is known of a file.
  private struct Finding {
    let container: String
    let digests: FileDigests
    let weightsID: Digest
    let modelID: Digest?
    let prints: [TensorPrint]
    /// What the file, or the released code, calls the tensors.
    let names: Set<String>
    /// What only makes a model likely.
    let evidence: [(what: String, value: String)]
    /// The model under an entry's configuration.
    let identity: (ModelConfiguration) throws -> ModelIdentity
  }

  func run() throws {
    let zoo = try self.zoo.local()
    let (path, _) = try self.zoo.locate(file)
    let finding =
      try ModelFile.isCheckpoint(path) ? ofCheckpoint(path) : ofForeign(path, zoo.index)
    let matches = try zoo.matches(digests: finding.digests, weightsID: finding.weightsID)
    if witness {
      StandardOutput.print(PrintedText(try record(finding, matches, path).json))
    } else {
      let nearest = matches.isEmpty ? zoo.nearest(to: finding.prints, named: finding.names) : nil
      format.print(report(finding, matches, nearest))
    }
  }

  private func ofCheckpoint(_ path: String) throws -> Finding {
    guard weights == nil else {
      throw ValidationError("\(path) has one set of weights; --weights is for foreign files")
    }
    let checkpoint = try CheckpointFile.open(path).checkpoint()
    let identity = try checkpoint.identity()
    return Finding(
      container: "qkz.h5", digests: try FileDigests(ofFile: path), weightsID: identity.weightsID,
      modelID: identity.modelID, prints: try checkpoint.prints(),
      names: Set(checkpoint.plan.parameters.map(\.upstreamName)),
      evidence: [
        ("architecture", checkpoint.configuration.summary),
        ("parameters", checkpoint.plan.parameterCount.grouped),
      ],
      identity: { configuration in
        try configuration.require(checkpoint, at: path)
        return identity
      })
  }

  private func ofForeign(_ path: String, _ index: ZooIndex) throws -> Finding {
    let assembly = try ModelAssembly(path: path, weights: weights)
    return Finding(
      container: assembly.file.container.rawValue, digests: try assembly.origin.digests(),
      weightsID: try assembly.tensors.weightsID(), modelID: nil,
      prints: try assembly.tensors.prints(), names: assembly.tensors.names,
      evidence: try evidence(assembly, index),
      identity: { configuration in
        let choice = ConfigurationChoice(configuration: configuration, source: "the entry")
        return try assembly.checkpoint(choice).identity()
      })
  }

  private func evidence(
    _ assembly: ModelAssembly, _ index: ZooIndex
  ) throws -> [(what: String, value: String)] {
    var evidence = [
      (what: "architecture", value: assembly.summary),
      (what: "parameters", value: assembly.tensors.parameterCount.grouped),
    ]
    if !assembly.tensors.isCanonical {
      evidence.append(
        ("weights-id", "of the file's own tensors: no known code base has all of these names"))
    }
    let presets = assembly.fittingPresets.map(\.name)
    evidence += presets.map { ("fits preset", $0) }
    for (name, value) in assembly.file.facts.sorted(by: { $0.key < $1.key }) {
      let text = value.canonicalText
      if text.count <= 60 { evidence.append((name, text)) }
    }
    for name in presets {
      guard let run = try index.entry(name)?.training else { continue }
      evidence += run.evidence(
        counter: assembly.tensors.batchCounter, facts: assembly.file.facts,
        arguments: assembly.file.arguments
      ).map { ("training of \(name)", $0) }
    }
    return evidence
  }

  private func record(
    _ finding: Finding, _ matches: [EntryMatch], _ path: String
  ) throws -> Witness {
    guard let match = matches.first else {
      throw ZooFailure(
        .digest, at: path, expected: "a copy of some entry's weights", found: "none is known so")
    }
    let isCheckpoint = finding.container == "qkz.h5"
    let identity = try finding.identity(match.entry.configuration)
    return Witness(
      of: match.entry,
      file: ZooEntry.File(
        role: isCheckpoint ? .checkpoint : .upstream, name: Files.name(of: path),
        size: finding.digests.size, sha256: finding.digests.sha256, md5: finding.digests.md5),
      grounds: match.grounds, weightsID: identity.weightsID, modelID: identity.modelID,
      checkpoint: nil)
  }

  private func report(
    _ finding: Finding, _ matches: [EntryMatch], _ nearest: NearestEntry?
  ) -> Report {
    let digests = finding.digests
    var table = TextTable()
    table.add("file", "\(file), \(finding.container), \(digests.size.grouped) bytes")
    if let md5 = digests.md5 { table.add("MD5", md5.hex) }
    table.add("SHA-256", digests.sha256.hex)
    table.add("weights-id", finding.weightsID.hex)
    if let modelID = finding.modelID { table.add("model-id", modelID.hex) }
    for match in matches { table.add("identified", "\(match.entry.name) by \(match.text)") }
    if matches.isEmpty { table.add("identified", "no entry has this file or these weights") }
    for item in finding.evidence { table.add("circumstantial", "\(item.what): \(item.value)") }
    if let nearest { table.add("circumstantial", "nearest entry: \(nearest.text)") }
    return Report(
      "identify",
      [
        "file": .string(file), "container": .string(finding.container),
        "size": .integer(digests.size), "md5": .optional(digests.md5?.hex),
        "sha256": .string(digests.sha256.hex), "weights_id": .string(finding.weightsID.hex),
        "model_id": .optional(finding.modelID?.hex),
        "identified": .array(
          matches.map { ["entry": .string($0.entry.name), "by": .string($0.text)] }),
        "circumstantial": .array(
          finding.evidence.map { ["what": .string($0.what), "value": .string($0.value)] }),
        "nearest": nearest.map(Self.json) ?? .null,
      ], text: table.text)
  }

  private static func json(_ nearest: NearestEntry) -> JSON {
    func json(_ share: NearestEntry.Share) -> JSON {
      ["equal": .integer(share.equal), "all": .integer(share.all)]
    }
    return [
      "entry": .string(nearest.entry.name), "shapes": json(nearest.shapes),
      "tensors": nearest.tensors.map(json) ?? .null,
    ]
  }
}
