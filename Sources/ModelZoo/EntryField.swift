import CanonicalJSON
import CheckpointFormat
import SpikingModels

/// A property of an entry that a query can name.
///
/// A field may have several values, one for each figure; a comparison holds if it holds for one.
struct EntryField: Sendable {
  /// A value of a field.
  enum Value: Equatable, Sendable {
    case number(Double)
    case text(String)
  }

  let name: String
  /// Whether its values are numbers.
  let isNumeric: Bool
  /// The only texts that it can have, if they are known.
  var choices: [String]?
  let values: @Sendable (ZooEntry) -> [Value]

  /// Every field, in the order of the documentation.
  static let all: [EntryField] = properties + configuration + figures

  static func named(_ name: String) -> EntryField? { all.first { $0.name == name } }

  private static func choice(
    _ name: String, _ choices: [String], _ value: @escaping @Sendable (ZooEntry) -> String
  ) -> EntryField {
    EntryField(name: name, isNumeric: false, choices: choices) { [.text(value($0))] }
  }

  private static func text(
    _ name: String, _ value: @escaping @Sendable (ZooEntry) -> String
  ) -> EntryField {
    EntryField(name: name, isNumeric: false) { [.text(value($0))] }
  }

  /// A member of the configuration that is a text; an architecture without it has no value.
  private static func member(_ name: String) -> EntryField {
    var choices: [String] = []
    for preset in FamilyTable.known.presets {
      guard let value = preset.configuration.json[name]?.string, !choices.contains(value) else {
        continue
      }
      choices.append(value)
    }
    return EntryField(name: name, isNumeric: false, choices: choices) { entry in
      entry.configuration.json[name]?.string.map { [.text($0)] } ?? []
    }
  }

  private static func number(
    _ name: String, _ value: @escaping @Sendable (ZooEntry) -> Int
  ) -> EntryField {
    EntryField(name: name, isNumeric: true) { [.number(Double(value($0)))] }
  }

  private static let properties = [
    EntryField(name: "name", isNumeric: false) { ([$0.name] + $0.aliases).map { .text($0) } },
    EntryField(name: "dataset", isNumeric: false) { [.text($0.dataset), .text($0.datasetName)] },
    choice("availability", ZooEntry.Availability.allCases.map(\.rawValue)) {
      $0.availability.rawValue
    },
    text("licence.code") { $0.licences["code"] ?? "" },
    text("licence.weights") { $0.licences["weights"] ?? "" },
    number("parameters") { $0.parameterCount },
    number("accumulates_per_step") { $0.accumulatesPerStep },
  ]

  private static let configuration = [
    member("family"), member("residual"),
    choice("scope", NeuronScope.allCases.map(\.rawValue)) {
      $0.configuration.scope.rawValue
    },
    number("depth") { $0.configuration.design.depth },
    number("width") { $0.configuration.design.width },
    number("time_steps") { $0.configuration.timeSteps },
    number("image_size") { $0.configuration.input.height },
    number("classes") { $0.configuration.classes },
  ]

  /// Metrics that an entry can have by several speakers; a query must say whose.
  static let metrics: [Figure.Metric] = [.top1, .top5, .energy]

  private static let figures = metrics.flatMap { metric in
    Figure.Speaker.allCases.map { speaker in
      EntryField(name: "\(speaker.rawValue).\(metric.rawValue)", isNumeric: true) { entry in
        entry.values(of: metric, by: speaker).map { .number($0.value) }
      }
    }
  }
}

extension ZooEntry {
  /// The values of a metric of the whole network by a speaker, in the metric's unit: figures, and
  /// counted records as percentages.
  public func values(of metric: Figure.Metric, by speaker: Figure.Speaker) -> [Figure.Value] {
    let stated = figures.filter { $0.metric == metric && $0.by == speaker && $0.part == nil }
    let counted =
      metric == .top1 && speaker == .measured
      ? records.accuracy.filter { $0.source == .measured }.map(Figure.Value.init) : []
    return stated.map(Figure.Value.init) + counted
  }
}
