import CheckpointFormat
import Diagnostics

extension ModelAssembly {
  /// Whether the file has an order that was not asked for.
  var couldMatchByOrder: Bool { matching == .name && file.container == .torch }

  /// What can be done about tensors that do not fit a configuration, in lines; none if that is not known.
  func advice(on findings: [CheckpointFailure], _ choice: ConfigurationChoice) -> [PrintedText] {
    func all(_ names: [String]) -> Bool {
      findings.allSatisfy { finding in names.contains { finding.place.hasSuffix($0) } }
    }
    if all(["num_batches_tracked"]) {
      return [
        "nothing is made up or converted; load the file into the model in PyTorch (strict=False), "
          + "which makes these counters, and save its state dict"
      ]
    }
    if all([" head.weight", " head.bias"]) {
      return ["if only the number of classes differs, change it in the configuration:"]
        + Self.ownConfiguration(after: choice.name)
    }
    guard couldMatchByOrder,
      placement(choice.configuration, .order).findings.isEmpty
    else { return [] }
    return [
      "in their order the tensors fit, whatever they are called:",
      command.line(choice.options, .order),
    ]
  }

  /// How to write a configuration of one's own.
  static func ownConfiguration(after name: String?) -> [PrintedText] {
    let name = name.map { ShellWord.quoted($0) } ?? "NAME"
    return ["  qkzoo presets --show \(name) > model.json, then --config model.json"]
  }
}
