import CanonicalJSON
import Diagnostics
import Digests
public import Evaluation
public import ModelZoo
import SpikingModels

extension ReportSubject {
  /// What is known of an evaluation: its folder, and the zoo's entry of the model, if it is in one.
  public init(
    _ result: EvaluationResult, entry: ZooEntry?, classNames: [String],
    costs: EnergyCosts = .horowitz
  ) {
    let header = result.header
    let activity = result.activity
    let modelID = header.model.modelID.hex
    self.init(
      name: entry?.name ?? "model-\(modelID.prefix(12))", modelID: modelID,
      weightsID: header.model.weightsID.hex, configuration: header.model.configuration,
      rules: Rules(header),
      answers: result.samples.map {
        Answer(index: $0.index, file: $0.file, label: $0.label, top5: $0.top5, loss: $0.loss)
      }, batchSizes: result.batches.map(\.samples),
      excluded: result.excluded.map { ($0.file, $0.reason) }, activity: activity,
      energies: EnergyConvention.available(for: activity).map {
        Energy(
          EnergyEstimate(
            $0, graph: header.graph, activity: activity, costs: costs))
      }, environment: Self.environment(result.environment), entry: entry, classNames: classNames)
  }

  /// Each run of the evaluation in a line.
  private static func environment(
    _ environment: EvaluationEnvironment
  ) -> [(name: String, value: String)] {
    environment.sessions.enumerated().map { index, session in
      (
        "run \(index + 1)",
        "\(session.software) on \(session.machine), \(session.samples) samples in "
          + "\(DecimalText.fixed(session.seconds, 1)) s"
      )
    }
  }
}

extension ReportSubject.Rules {
  fileprivate init(_ header: EvaluationHeader) {
    let rules = header.rules
    let shorter = rules.preprocessing["shorter_side"]?.int
    let side = rules.preprocessing["side"]?.int
    self.init(
      name: rules.name.rawValue, words: rules.words, evaluation: rules.evaluation,
      digest: rules.digest.hex, dataset: rules.dataset, split: rules.split,
      count: header.splitCount, size: rules.size,
      picture: shorter.flatMap { shorter in
        side.map { Picture(shorterSide: shorter, side: $0) }
      }, overrides: rules.overrides, notes: header.notes)
  }
}
