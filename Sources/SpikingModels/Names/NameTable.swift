/// The ways in which code bases name the same tensors.
public enum Naming: String, Sendable, CaseIterable {
  /// The code that was released with the papers.
  case released
  /// STEP, a benchmark of spiking transformers with a QKFormer of its own.
  case step
  /// SpikingJelly 2.0, which ships models of its own.
  case spikingjelly
}

/// How a code base names modules: a canonical path and a name, with the same variables in both.
///
/// Tensors of a module have the module's name and their own: `conv/weight` is `proj_conv.weight`. A
/// module may hold several canonical ones side by side along axis 0, and its weight may have more or
/// fewer axes of length one.
public struct NameRule: Sendable {
  /// The variable that the path has and the name has not, and its values: the parts that one module
  /// holds, in their order along axis 0.
  public struct Joined: Sendable {
    let variable: String
    let parts: [String]

    /// Parts by the values of a variable.
    public init(_ variable: String, _ parts: [String]) {
      self.variable = variable
      self.parts = parts
    }
  }

  /// The number of axes of a module's weight.
  public struct Axes: Sendable {
    /// In the canonical form, and so in identities.
    let canonical: Int
    /// In the code base.
    let named: Int

    /// The same number in both, unless the code base has another.
    public init(_ canonical: Int, named: Int? = nil) {
      self.canonical = canonical
      self.named = named ?? canonical
    }
  }

  let path: NamePattern
  let name: NamePattern
  let joined: Joined?
  /// `nil` for modules without a weight of several axes.
  let axes: Axes?
  /// Whether recorded spikes of a neuron have the channels as the last axis.
  let isChannelsLast: Bool

  /// A rule; variables without `choices` are numbers.
  public init(
    _ path: String, _ name: String, choices: [String: [String]] = [:],
    joining joined: Joined? = nil,
    axes: Axes? = nil, isChannelsLast: Bool = false
  ) {
    let choices = choices.merging(joined.map { [$0.variable: $0.parts] } ?? [:]) { $1 }
    self.path = NamePattern(path, choices: choices)
    self.name = NamePattern(name, choices: choices)
    self.joined = joined
    self.axes = axes
    self.isChannelsLast = isChannelsLast
  }
}

/// All rules of one code base for one architecture, applied in either direction; of several that fit,
/// the first counts.
public struct NameTable: Sendable {
  /// The module or tensor of a path in a code base.
  struct Named {
    let name: String
    let rule: NameRule
  }

  private let rules: [NameRule]
  /// What variables of names are that paths do not have, as for the module of an attention.
  private let context: [String: @Sendable (NamePattern.Values) -> String?]
  /// What a code base puts behind a neuron's name for the threshold that it stores as a tensor.
  let thresholdSuffix: String?

  /// A table of rules.
  public init(
    _ rules: [NameRule], thresholdSuffix: String? = nil,
    context: [String: @Sendable ([String: String]) -> String?] = [:]
  ) {
    self.rules = rules
    self.context = context
    self.thresholdSuffix = thresholdSuffix
  }

  /// The module or tensor of a canonical path; `nil` if no rule knows it.
  func named(_ path: String) -> Named? {
    for rule in rules {
      guard let (matched, rest) = rule.path.match(path, before: "/") else { continue }
      var values = matched
      for (variable, value) in context { values[variable] = value(matched) }
      guard let module = rule.name.name(values) else { continue }
      return Named(name: rest.isEmpty ? module : "\(module).\(rest)", rule: rule)
    }
    return nil
  }

  /// The canonical paths of the module or tensor of a name, in their order along axis 0, and the rule;
  /// `nil` if no rule knows it.
  func paths(of name: String) -> (paths: [String], rule: NameRule)? {
    for rule in rules {
      guard let (values, rest) = rule.name.match(name, before: ".") else { continue }
      let parts = rule.joined.map { joined in
        joined.parts.map { values.merging([joined.variable: $0]) { $1 } }
      }
      let modules = (parts ?? [values]).compactMap(rule.path.name)
      guard !modules.isEmpty else { continue }
      return (modules.map { rest.isEmpty ? $0 : "\($0)/\(rest)" }, rule)
    }
    return nil
  }
}

extension NameRule {
  /// The shape of a module's tensor in the canonical form, if it holds one part; a weight's axes of
  /// length one at the end come and go.
  func canonical(_ shape: [Int]) -> [Int] { axes.map { shape.withAxes($0.canonical) } ?? shape }

  /// The shape of a module's tensor in the code base, if it holds one part.
  func named(_ shape: [Int]) -> [Int] { axes.map { shape.withAxes($0.named) } ?? shape }
}

extension [Int] {
  /// The shape with some number of axes, where only axes of length one at its end differ; itself if
  /// that cannot be, and for vectors and numbers.
  fileprivate func withAxes(_ count: Int) -> [Int] {
    guard self.count > 1 else { return self }
    guard self.count > count else { return self + Array(repeating: 1, count: count - self.count) }
    return dropFirst(count).allSatisfy { $0 == 1 } ? Array(prefix(count)) : self
  }
}
