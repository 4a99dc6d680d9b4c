import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import SpikeTensors
import SpikingModels

/// One entry or one file.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show an entry or a file: configuration, identity, figures.",
    discussion: """
      EXAMPLES
        qkzoo show qkformer-digits
        qkzoo show model.qkz.h5 --tensors
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var format: OutputOptions

  @Flag(help: "List every tensor.")
  var tensors = false

  func run() throws {
    if !Files.exists(model.model), let entry = try model.zoo.load().entry(model.model) {
      format.print(Self.report(entry))
    } else {
      format.print(try report(try model.load().checkpoint))
    }
  }

  // MARK: Entry

  private static func report(_ entry: ZooEntry) -> Report {
    var table = TextTable()
    table.add("name", entry.name)
    table.add("aliases", entry.aliases.joined(separator: ", "))
    table.add("title", entry.title)
    table.add("model", entry.configuration.summary)
    table.add("parameters", entry.parameterCount.grouped)
    table.add("MACs", "\(entry.accumulatesPerStep.grouped) each step")
    table.add("preprocessing", entry.preprocessing.text)
    table.add("model-id", entry.modelID?.hex ?? "not known")
    table.add("weights-id", entry.weightsID?.hex ?? "not known")
    for (what, licence) in entry.licences.sorted(by: { $0.key < $1.key }) {
      table.add("licence", "\(what): \(licence)")
    }
    table.add("available", entry.availability.rawValue)
    for file in entry.files {
      let digest = file.digestText ?? "no digest known"
      table.add("file", "\(file.role.rawValue) \(file.name): \(digest)")
    }
    for source in entry.sources {
      table.add("source", "\(source.kind) \(source.address): \(source.stateText)")
    }
    for speaker in Figure.Speaker.allCases {
      for figure in entry.figures where figure.by == speaker {
        table.add(speaker.rawValue, words(figure))
      }
      for record in entry.records.accuracy where record.source.rawValue == speaker.rawValue {
        table.add(speaker.rawValue, words(record))
      }
    }
    for note in entry.notes { table.add("note", note) }
    return Report("show", ["entry": entry.json], text: table.text)
  }

  private static func words(_ figure: Figure) -> String {
    let details = [
      figure.part, figure.convention.map { "convention \($0)" }, figure.setting?.text,
      figure.remark, figure.source,
    ]
    return "\(figure.metric.rawValue) \(figure.text): "
      + details.compactMap { $0 }.joined(separator: "; ")
  }

  private static func words(_ record: Records.Accuracy) -> String {
    "\(record.dataset), \(record.evaluation): \(record.correct) of \(record.count), "
      + "\(record.value.percent) ± \((record.standardError * 100).formatted(2)), by \(record.by)"
  }

  // MARK: File

  private func report(_ checkpoint: Checkpoint) throws -> Report {
    let identity = try checkpoint.identity()
    let plan = checkpoint.plan
    let macs = plan.accumulatesPerStep
    var table = TextTable()
    table.add("model", checkpoint.configuration.summary)
    table.add("parameters", plan.parameterCount.grouped)
    table.add("MACs", "\(macs.grouped) each step")
    table.add("model-id", identity.modelID.hex)
    table.add("weights-id", identity.weightsID.hex)
    for reference in checkpoint.references {
      table.add(
        "reference",
        "\(reference.samples) samples by \(reference.origin.tool), \(reference.origin.precision), "
          + "scope \(reference.scope.rawValue)")
    }
    for record in checkpoint.records.accuracy {
      table.add(record.source.rawValue, Self.words(record))
    }
    let provenance = try checkpoint.provenance
    for (what, licence) in (provenance["licences"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      table.add("licence", "\(what): \(licence.string ?? licence.canonicalText)")
    }
    for (what, value) in (provenance["source"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      table.add("source", "\(what): \(value.string ?? value.canonicalText)")
    }
    var members: [String: JSON] = [
      "configuration": checkpoint.configuration.json,
      "parameters": .integer(plan.parameterCount), "accumulates_per_step": .integer(macs),
      "model_id": .string(identity.modelID.hex), "weights_id": .string(identity.weightsID.hex),
      "records": checkpoint.records.json, "provenance": provenance,
      "references": .array(
        checkpoint.references.map {
          [
            "tool": .string($0.origin.tool), "precision": .string($0.origin.precision),
            "independent": .bool($0.origin.isIndependent), "samples": .integer($0.samples),
            "scope": .string($0.scope.rawValue),
          ]
        }),
    ]
    var text = table.text
    if tensors {
      let (list, lines) = try tensorList(checkpoint)
      members["tensors"] = list
      text += "\n\n\(lines)"
    }
    return Report("show", members, text: text)
  }

  private func tensorList(_ checkpoint: Checkpoint) throws -> (JSON, PrintedText) {
    let digests = try checkpoint.parameters.digests()
    var table = TextTable()
    var list: [JSON] = []
    for specification in checkpoint.plan.parameters {
      let path = specification.path
      guard let tensor = checkpoint.parameters[path], let digest = digests[path] else { continue }
      table.add(path, tensor.elementType.rawValue, "\(tensor.shape)", digest.short)
      list.append([
        "path": .string(path), "element_type": .string(tensor.elementType.rawValue),
        "shape": .array(tensor.shape.map { .integer($0) }), "sha256": .string(digest.hex),
        "upstream_name": .string(specification.upstreamName),
      ])
    }
    return (.array(list), table.text)
  }
}
