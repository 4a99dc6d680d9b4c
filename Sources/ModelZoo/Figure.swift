import CanonicalJSON
public import QKFormerModel

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
    public let scope: QKFormerConfiguration.ProjectionScope?
    /// As in `float16`.
    public let precision: String?
  }

  /// What is measured.
  public let metric: Metric
  /// The value, in the metric's unit, with the digits of the source.
  public let value: Double
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

  /// The value with its unit.
  public var text: String {
    let number = value == value.rounded() && value < 1e15 ? "\(Int(value))" : "\(value)"
    return metric.unit.isEmpty ? number : "\(number) \(metric.unit)"
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
  init(_ members: inout Members, unknown: inout [String]) throws {
    metric = try members.need("metric") { $0.string.flatMap(Metric.init) }
    value = try members.need("value", \.double)
    by = try members.need("by") { $0.string.flatMap(Speaker.init) }
    part = try members.optional("part", \.string)
    convention = try members.optional("convention", \.string)
    source = try members.need("source", \.string)
    remark = try members.optional("remark", \.string)
    let place = members.place
    setting = try members.optional("setting", { $0 }).map { json in
      var members = try Members(json, at: "\(place) setting")
      let setting = try Setting(&members)
      unknown += members.unknown
      return setting
    }
  }
}

extension Figure.Setting {
  fileprivate init(_ members: inout Members) throws {
    batchSize = try members.optional("batch_size", \.int)
    order = try members.optional("order", \.string)
    scope = try members.optional("scope") {
      $0.string.flatMap(QKFormerConfiguration.ProjectionScope.init)
    }
    precision = try members.optional("precision", \.string)
  }
}
