import ArgumentParser
import CanonicalJSON
import Conversion
import Diagnostics
import QKFormerModel

/// The known configurations.
struct PresetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets", abstract: "List the known configurations, or print one.",
    discussion: """
      EXAMPLES
        qkzoo presets
        qkzoo presets --show HST-10-384 > hst-10-384.json
        qkzoo presets --show HST-10-384 --tensors
      """)

  @Option(help: ArgumentHelp("Print this one's configuration as JSON.", valueName: "name"))
  var show: String?

  @Flag(help: "With --show: list the tensors that such a model has, under the released names.")
  var tensors = false

  @OptionGroup var format: OutputOptions

  func validate() throws {
    if tensors && show == nil { throw ValidationError("--tensors needs --show") }
  }

  func run() throws {
    guard let show else { return format.print(list(Preset.all)) }
    let configuration = try ConfigurationChoice.preset(show).configuration
    if format.json {
      format.print(list(Preset.all.filter { $0.configuration == configuration }))
    } else if tensors {
      var table = TextTable()
      for tensor in NetworkPlan(configuration).parameters {
        let shape = tensor.shape.map(String.init).joined(separator: ",")
        table.add(tensor.upstreamName, "[\(shape)]", tensor.role.rawValue)
      }
      print(table.text)
    } else {
      print(configuration.json.canonicalText)
    }
  }

  private func list(_ presets: [Preset]) -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "SUMMARY", "ALIASES")
    for preset in presets {
      table.add(
        preset.name, NetworkPlan(preset.configuration).parameterCount.grouped, preset.summary,
        preset.aliases.joined(separator: ", "))
    }
    let members = presets.map { preset -> JSON in
      let plan = NetworkPlan(preset.configuration)
      return [
        "name": .string(preset.name), "aliases": .array(preset.aliases.map { .string($0) }),
        "summary": .string(preset.summary), "configuration": preset.configuration.json,
        "parameters": .integer(plan.parameterCount),
        "accumulates_per_step": .integer(plan.accumulatesPerStep),
      ]
    }
    return Report("presets", ["presets": .array(members)], text: table.text)
  }
}
