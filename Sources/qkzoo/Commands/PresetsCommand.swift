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
    if let show {
      print(try ConfigurationChoice.preset(show).configuration.json.canonicalText)
    } else {
      format.print(list())
    }
  }

  private func list() -> Report {
    var table = TextTable()
    table.add("NAME", "PARAMETERS", "SUMMARY", "ALIASES")
    for preset in Preset.all {
      table.add(
        preset.name, NetworkPlan(preset.configuration).parameterCount.grouped, preset.summary,
        preset.aliases.joined(separator: ", "))
    }
    let members = Preset.all.map { preset -> JSON in
      [
        "name": .string(preset.name), "aliases": .array(preset.aliases.map { .string($0) }),
        "summary": .string(preset.summary), "configuration": preset.configuration.json,
        "parameters": .integer(NetworkPlan(preset.configuration).parameterCount),
      ]
    }
    return Report("presets", ["presets": .array(members)], text: table.text)
  }
}
