import ArgumentParser
import CanonicalJSON
import Conversion
import Diagnostics
import ModelZoo
import SpikingModels

/// The known configurations.
struct PresetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets", abstract: "List the known configurations, or print one.",
    discussion: """
      EXAMPLES
        qkzoo presets
        qkzoo presets --show HST-10-384 > hst-10-384.json
        qkzoo presets --show HST-10-384 --tensors
        qkzoo presets --show qkformer-digits
      """)

  @Option(
    help: ArgumentHelp(
      "Print this one's configuration as JSON, or that of a zoo entry.", valueName: "name"))
  var show: String?

  @Flag(help: "With --show: list the tensors that such a model has, under the released names.")
  var tensors = false

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  /// A configuration and what it is called.
  private struct Known {
    let name: String
    let aliases: [String]
    let summary: String
    let configuration: ModelConfiguration

    init(_ preset: Preset) {
      (name, aliases, summary, configuration) =
        (preset.name, preset.aliases, preset.summary, preset.configuration)
    }

    init(_ entry: ZooEntry) {
      (name, aliases, summary, configuration) =
        (entry.name, entry.aliases, entry.title, entry.configuration)
    }

    var plan: NetworkPlan { NetworkPlan(configuration) }
  }

  func validate() throws {
    if tensors && show == nil { throw ValidationError("--tensors needs --show") }
  }

  func run() throws {
    guard let show else { return format.print(list(Preset.all.map(Known.init))) }
    let known = try known(show)
    if format.json {
      format.print(list(known))
    } else if tensors {
      StandardOutput.print(Self.tensorTable(known[0].plan))
    } else {
      StandardOutput.print(PrintedText(known[0].configuration.json))
    }
  }

  /// The presets that are the same as the one of a name, else the zoo's entry.
  private func known(_ name: String) throws -> [Known] {
    if Preset.named(name) == nil, let entry = try zoo.load().entry(name) { return [Known(entry)] }
    let configuration = try ConfigurationChoice.preset(name, option: "--show").configuration
    return Preset.all.filter { $0.configuration == configuration }.map(Known.init)
  }

  private static func tensorTable(_ plan: NetworkPlan) -> PrintedText {
    var table = TextTable()
    for tensor in plan.parameters {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      table.add(tensor.upstreamName, "[\(shape)]", tensor.role.rawValue)
    }
    return table.text
  }

  private func list(_ all: [Known]) -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "SUMMARY", "ALIASES")
    for known in all {
      table.add(
        known.name, known.plan.parameterCount.grouped, known.summary,
        known.aliases.joined(separator: ", "))
    }
    return Report("presets", ["presets": .array(all.map(json))], text: table.text)
  }

  private func json(_ known: Known) -> JSON {
    let plan = known.plan
    var members: [String: JSON] = [
      "name": .string(known.name), "aliases": .array(known.aliases.map { .string($0) }),
      "summary": .string(known.summary), "configuration": known.configuration.json,
      "parameters": .integer(plan.parameterCount),
      "accumulates_per_step": .integer(plan.accumulatesPerStep),
    ]
    if tensors {
      members["tensors"] = .array(
        plan.parameters.map { tensor in
          [
            "path": .string(tensor.path), "upstream_name": .string(tensor.upstreamName),
            "shape": .array(tensor.shape.map { .integer($0) }),
            "role": .string(tensor.role.rawValue),
          ]
        })
    }
    return .object(members)
  }
}
