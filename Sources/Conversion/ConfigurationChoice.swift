import CanonicalJSON
public import CheckpointFormat
public import Diagnostics
import FileAccess
import SpikeTensors
public import SpikingModels

/// A configuration and where it was said.
public struct ConfigurationChoice: Sendable {
  /// The configuration.
  public let configuration: ModelConfiguration
  /// Who says so, as in `--preset HST-10-384` or `stated by the file`.
  public let source: String
  /// The preset or entry that it is, or was changed from, if it has a name.
  public let name: String?
  /// The options that chose it; none if nobody had to ask for it.
  public let options: [String]

  /// Names a choice.
  public init(
    configuration: ModelConfiguration, source: String, name: String? = nil,
    options: [String] = []
  ) {
    self.configuration = configuration
    self.source = source
    self.name = name
    self.options = options
  }

  /// Reads a configuration from a JSON file.
  ///
  /// - Throws: `ConfigurationFailure`, `JSONFailure`, `FileFailure`.
  public static func file(_ path: String) throws -> ConfigurationChoice {
    let json = try JSON(parsing: try Files.read(path, limit: 1 << 20), at: path)
    return ConfigurationChoice(
      configuration: try ModelConfiguration(json: json, at: path),
      source: "--config \(Files.name(of: path))", options: ["--config", path])
  }

  /// The preset of a name, which an option gave.
  ///
  /// - Throws: `ConfigurationFailure`.
  public static func preset(
    _ name: String, option: String = "--preset"
  ) throws -> ConfigurationChoice {
    guard let preset = Preset.named(name) else {
      throw ConfigurationFailure(
        .value, at: option, expected: "a name that `qkzoo presets` lists, or a zoo entry",
        found: name)
    }
    return ConfigurationChoice(
      configuration: preset.configuration, source: "\(option) \(preset.name)", name: preset.name,
      options: [option, preset.name])
  }
}

/// What a file's own training arguments say about its configuration.
enum StatedConfiguration {
  /// The argument under which our recipes store a whole configuration.
  static let key = "qkzoo_configuration"

  /// A whole configuration, or the released model that the arguments name.
  ///
  /// - Throws: `ConfigurationFailure`.
  static func read(_ file: ImportedFile) throws -> ConfigurationChoice? {
    guard let arguments = file.arguments else { return nil }
    if let json = arguments[key] {
      let place = "\(file.path) \(key)"
      return ConfigurationChoice(
        configuration: try ModelConfiguration(json: json, at: place),
        source: "stated by the file (\(key))")
    }
    guard let name = arguments["model"]?.string, let preset = Preset.named(name),
      let steps = (arguments["time_step"] ?? arguments["T"])?.int
    else { return nil }
    var configuration = preset.configuration
    configuration.timeSteps = steps
    if let size = arguments["input_size"]?.int {
      configuration.input.height = size
      configuration.input.width = size
    }
    try configuration.validate(at: "\(file.path) training arguments")
    return ConfigurationChoice(
      configuration: configuration, source: "stated by the file (model \(name), T=\(steps))",
      name: preset.name)
  }
}

/// Nothing says what the tensors are, or more than one thing does.
public struct UndecidedConfiguration: Diagnosable {
  /// The file.
  public let place: String
  /// Names of presets or entries that would fit.
  public let candidates: [String]
  /// What the tensors themselves decide.
  public let evidence: String
  /// How the tensors fit the candidates.
  let matching: TensorMatching
  let command: ConversionCommand

  /// `configuration-undecided`.
  public var name: String { ConfigurationFailureCode.undecided.rawValue }
  /// Configuration.
  public var kind: FailureKind { .configuration }
  /// A source for what tensors cannot say.
  public var expected: String {
    "--config FILE, --preset NAME, a known file, or training arguments that say so"
  }
  /// What there was.
  public var found: String { "none; the tensors say: \(evidence)" }

  /// The message, and a command to paste for each candidate.
  public var message: PrintedText {
    let head: PrintedText = "\(place): \(name): expected \(expected), found \(found)"
    guard !candidates.isEmpty else {
      let why: PrintedText =
        "no preset and no entry has these shapes; write a configuration after the nearest:"
      return ([head, why] + ModelAssembly.ownConfiguration(after: nil)).joined(separator: "\n")
    }
    let commands = candidates.map { command.line(["--preset", $0], matching) }
    return ([head, "configurations whose shapes fit:"] + commands).joined(separator: "\n")
  }
}

/// The tensors are not those of the configuration; every difference is listed.
public struct TensorsDoNotFit: Diagnosable {
  /// The differences.
  public let findings: [CheckpointFailure]
  /// Where the configuration came from.
  public let source: String
  /// What can be done about it, in lines.
  public let advice: [PrintedText]

  /// `tensors-do-not-fit`.
  public var name: String { ConfigurationFailureCode.tensors.rawValue }
  /// Configuration.
  public var kind: FailureKind { .configuration }
  /// More differences than a person reads say that it is another model.
  private static let mostLines = 20
  /// The place of the first difference.
  public var place: String { findings[0].place }
  /// What the first difference needed.
  public var expected: String { findings[0].expected }
  /// What the first difference met.
  public var found: String { findings[0].found }
  /// A headline, a line for each of the first differences, how many more there are, and what to do.
  public var message: PrintedText {
    let head: PrintedText =
      "\(name): \(findings.count) differences to the configuration of \(source)"
    let lines = findings.prefix(Self.mostLines).map { finding -> PrintedText in
      "  \(finding.place): expected \(finding.expected), found \(finding.found)"
    }
    let rest = findings.count - lines.count
    let end: [PrintedText] = rest > 0 ? ["  and \(rest) more"] : []
    return ([head] + lines + end + advice).joined(separator: "\n")
  }
}
