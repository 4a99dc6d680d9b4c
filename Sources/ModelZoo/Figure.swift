import CanonicalJSON
import CheckpointFormat
import Diagnostics
public import SpikingModels

/// A figure that somebody states of a model, and who.
///
/// Figures are kept apart by who stands behind them; nothing is averaged. Shares of right answers
/// that were counted here are records (`Records`), not figures.
public struct Figure: Sendable, Equatable {
  /// Who stands behind a figure.
  public enum Speaker: String, Sendable, CaseIterable {
    /// The paper or the model's own page.
    case reported
    /// A log of the run that made the weights.
    case log
    /// Somebody else who ran the weights or trained the model again.
    case independent
    /// A run of this project that can be repeated.
    case measured
  }

  /// What is measured; it decides the unit.
  public enum Metric: String, Sendable, CaseIterable {
    /// Share of right first answers, in percent.
    case top1
    /// Share of samples whose label is among the first five answers, in percent.
    case top5
    /// Energy of one inference, in millijoules, under a named convention.
    case energy
    /// Spikes for each neuron and time step.
    case firingRate = "firing_rate"

    /// The unit; empty for a pure number.
    public var unit: String {
      switch self {
      case .top1, .top5: "%"
      case .energy: "mJ"
      case .firingRate: ""
      }
    }
  }

  /// In which setting, as far as the source says.
  public struct Setting: Sendable, Equatable {
    /// Images that share a batch.
    public let batchSize: Int?
    /// `class` (sorted by class) or `shuffled`.
    public let order: String?
    /// What the projection neuron of spiking self-attention keeps its state over.
    public let scope: NeuronScope?
    /// As in `float16`.
    public let precision: String?
  }

  /// What is measured.
  public let metric: Metric
  /// The value, in the metric's unit.
  public let value: Double
  /// Digits after the point, as the source prints them, where a JSON number loses zeros: 2 of
  /// `78.80`; `nil` if the value has all of them.
  public let digits: Int?
  /// Who says so.
  public let by: Speaker
  /// The part of the network, if not the whole.
  public let part: String?
  /// How energy was counted.
  public let convention: String?
  /// In which setting.
  public let setting: Setting?
  /// Where it is written.
  public let source: String
  /// What a reader must know with it.
  public let remark: String?

  /// The value as the source prints it; one that nobody printed, with four digits that count.
  public var number: String {
    if let digits { return DecimalText.fixed(value, digits) }
    let isWhole = value == value.rounded() && value.magnitude < 1e15
    let text = isWhole ? "\(Int(value))" : "\(value)"
    return text.utf8.count > 9 ? DecimalText.significant(value, 4) : text
  }

  /// The value with its unit.
  public var text: String {
    metric.unit.isEmpty ? number : "\(number) \(metric.unit)"
  }
}

extension Figure {
  /// What a list shows of a figure, or of counted answers.
  public struct Value: Sendable {
    /// In the metric's unit.
    public let value: Double
    /// With the digits to show.
    public let text: String

    init(_ figure: Figure) { (value, text) = (figure.value, figure.number) }

    init(_ counted: Records.Accuracy) {
      value = counted.value * 100
      text = DecimalText.fixed(value, 2)
    }
  }
}

extension Figure.Setting {
  /// As in `batch 32, class order, scope batch, float16`.
  public var text: String {
    let parts = [
      batchSize.map { "batch \($0)" }, order.map { "\($0) order" },
      scope.map { "scope \($0.rawValue)" }, precision,
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}

extension Figure {
  init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: ["metric", "value", "by", "source"],
      optional: ["digits", "part", "convention", "remark", "setting"], unknown: &unknown)
    metric = try members.choice("metric")
    let value = try members.double("value")
    self.value = value
    digits = try members.optional("digits", "digits that lose nothing of the value") {
      $0.int.flatMap { Self.digits($0, of: value) }
    }
    by = try members.choice("by")
    part = try members.optionalString("part")
    convention = try members.optionalString("convention")
    source = try members.string("source")
    remark = try members.optionalString("remark")
    setting = try members.optional("setting", "an object") {
      try Setting(json: $0, at: members.place(of: "setting"), unknown: &unknown)
    }
  }

  /// No figure is printed with more digits after the point.
  private static let mostDigits = 12

  /// Digits that lose nothing of a value; `nil` of others.
  private static func digits(_ digits: Int, of value: Double) -> Int? {
    guard (0...mostDigits).contains(digits) else { return nil }
    return Double(DecimalText.fixed(value, digits)) == value ? digits : nil
  }
}

extension Figure.Setting {
  fileprivate init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: [], optional: ["batch_size", "order", "scope", "precision"],
      unknown: &unknown)
    batchSize = try members.optional("batch_size", "an integer", \.int)
    order = try members.optionalString("order")
    scope = try members.optional("scope", "sample or batch") {
      $0.string.flatMap(NeuronScope.init)
    }
    precision = try members.optionalString("precision")
  }
}
