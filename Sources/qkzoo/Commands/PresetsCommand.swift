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
      """)

  @Option(help: ArgumentHelp("Print this one's configuration as JSON.", valueName: "name"))
  var show: String?

  @OptionGroup var format: OutputOptions

  func run() throws {
    guard let show else { return format.print(list(Preset.all)) }
    let configuration = try ConfigurationChoice.preset(show).configuration
    if format.json {
      format.print(list(Preset.all.filter { $0.configuration == configuration }))
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
      [
        "name": .string(preset.name), "aliases": .array(preset.aliases.map { .string($0) }),
        "summary": .string(preset.summary), "configuration": preset.configuration.json,
        "parameters": .integer(NetworkPlan(preset.configuration).parameterCount),
      ]
    }
    return Report("presets", ["presets": .array(members)], text: table.text)
  }
}
