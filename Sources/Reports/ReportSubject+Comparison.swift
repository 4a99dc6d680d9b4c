import CheckpointFormat
import Datasets
public import Evaluation
import ModelZoo
import SpikingModels

extension ReportSubject {
  /// A stated accuracy, and how what was measured compares with it.
  public struct Comparison: Sendable {
    /// As in `reported`.
    public let by: String
    /// `top1` or `top5`.
    public let metric: String
    /// In percent, as it is stated.
    public let stated: Double
    /// In which setting; empty if that is not stated.
    public let setting: String
    /// Whether the measurement was made in that setting, at the model's own T and extent; `nil` if
    /// too little of it is stated.
    public let isSameSetting: Bool?
    /// Where it is written, or who counted.
    public let source: String
    /// What the rule says.
    public let agreement: Agreement
  }

  /// Figures that somebody states of the model, then counts on the same samples that the zoo keeps;
  /// none of other data.
  public var comparisons: [Comparison] { statedFigures.compactMap(comparison) + counted }

  /// Whether figures are stated, but of other data than was evaluated.
  var hasFiguresOfOtherData: Bool { accuracyFigures.count > statedFigures.count }

  private var accuracyFigures: [Figure] {
    (entry?.figures ?? []).filter { $0.part == nil && [.top1, .top5].contains($0.metric) }
  }

  private var statedFigures: [Figure] { entry?.figureData == data ? accuracyFigures : [] }

  private func comparison(_ figure: Figure) -> Comparison? {
    let measured: Metrics.Share? =
      switch figure.metric {
      case .top1: metrics.top1
      case .top5: metrics.top5
      case .energy, .firingRate: nil
      }
    return measured.map {
      Comparison(
        by: figure.by.rawValue, metric: figure.metric.rawValue, stated: figure.value,
        setting: figure.setting?.text ?? "",
        isSameSetting: rules.isOfOtherNetwork
          ? false : figure.setting.flatMap { $0.covers(rules.evaluation) },
        source: figure.source,
        agreement: Agreement(reported: figure.value, digits: figure.digits, measured: $0))
    }
  }

  private var counted: [Comparison] {
    (entry?.records.accuracy ?? []).filter { $0.dataset == data }.map { record in
      Comparison(
        by: record.source.rawValue, metric: Figure.Metric.top1.rawValue,
        stated: record.value * 100, setting: record.evaluation,
        isSameSetting: !rules.isOfOtherNetwork && record.evaluation == rules.evaluation,
        source: "\(record.correct) of \(record.count), counted by \(record.by)",
        agreement: Agreement(reported: record.value * 100, digits: 2, measured: metrics.top1))
    }
  }
}

extension ReportSubject.Comparison {
  /// The verdict in words; that of another setting says that it compares unlike things.
  var words: String {
    isSameSetting == false ? "another setting; \(agreement.words)" : agreement.words
  }
}

extension Figure.Setting {
  /// Whether an evaluation, as records name it, ran in this setting; `nil` if too little is stated.
  ///
  /// A batch of one image is that image alone.
  func covers(_ evaluation: String) -> Bool? {
    let isAlone = evaluation == "per-image" || evaluation.hasPrefix("batch 1, ")
    if scope == .sample || scope != nil && batchSize == 1 { return isAlone }
    guard scope == .batch else { return nil }
    guard !isAlone else { return false }
    guard let batchSize else { return nil }
    guard evaluation.hasPrefix("batch \(batchSize), ") else { return false }
    return order.map { ($0 == "shuffled") != evaluation.hasSuffix(", file order") }
  }
}

extension ZooEntry {
  /// The data that accuracies are stated of, as records name them: the usual test split of the
  /// dataset, else the entry's own test data.
  var figureData: String? {
    if let split = LabelledDataset.testSplits[datasetName] { return "\(datasetName) \(split)" }
    return file(.testData).map { LabelledSamples.name(ofFile: $0.name) }
  }
}
