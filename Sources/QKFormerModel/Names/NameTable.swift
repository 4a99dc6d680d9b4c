/// The ways in which code bases name the same tensors.
public enum Naming: String, Sendable, CaseIterable {
  /// The code that was released with the papers.
  case released
  /// STEP, a benchmark of spiking transformers with a QKFormer of its own.
  case step
}

/// How a code base names modules: a canonical path and a name, with the same variables in both.
///
/// Tensors of a module have the module's name and their own: `conv/weight` is `proj_conv.weight`.
struct NameRule: Sendable {
  let path: NamePattern
  let name: NamePattern

  init(_ path: String, _ name: String, choices: [String: [String]]) {
    self.path = NamePattern(path, choices: choices)
    self.name = NamePattern(name, choices: choices)
  }
}

/// All rules of one code base for one architecture, applied in either direction; of several that fit,
/// the first counts.
struct NameTable: Sendable {
  private let rules: [NameRule]
  /// What variables of names are that paths do not have, as for the module of an attention.
  private let context: [String: @Sendable (NamePattern.Values) -> String?]
  /// What a code base puts behind a neuron's name for the threshold that it stores as a tensor.
  let thresholdSuffix: String?

  init(
    _ rules: [NameRule], thresholdSuffix: String? = nil,
    context: [String: @Sendable (NamePattern.Values) -> String?] = [:]
  ) {
    self.rules = rules
    self.context = context
    self.thresholdSuffix = thresholdSuffix
  }

  /// The name of the module or tensor of a canonical path; `nil` if no rule knows it.
  func name(of path: String) -> String? {
    for rule in rules {
      guard let (matched, rest) = rule.path.match(path, before: "/") else { continue }
      var values = matched
      for (variable, value) in context { values[variable] = value(matched) }
      guard let module = rule.name.name(values) else { continue }
      return rest.isEmpty ? module : "\(module).\(rest)"
    }
    return nil
  }

  /// The canonical path of the module or tensor of a name; `nil` if no rule knows it.
  func path(of name: String) -> String? {
    for rule in rules {
      guard let (values, rest) = rule.name.match(name, before: "."),
        let module = rule.path.name(values)
      else { continue }
      return rest.isEmpty ? module : "\(module)/\(rest)"
    }
    return nil
  }
}
