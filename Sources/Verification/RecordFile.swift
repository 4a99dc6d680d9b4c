import CanonicalJSON
public import CheckpointFormat
import Diagnostics
import FileAccess
public import SpikingModels

/// Accuracy and firing records in a JSON file: ours, or those of `dump_reference.py`.
public enum RecordFile {
  /// Reads records for a model, which must not contradict them.
  ///
  /// - Throws: `ReferenceFailure`, `CheckpointFailure`, `JSONFailure`, `FileFailure`.
  public static func read(_ path: String, for plan: NetworkPlan) throws -> Records {
    let json = try JSON(parsing: try Files.read(path, limit: 64 << 20), at: path)
    let records =
      json["accuracy"] == nil
      ? try foreign(json, plan, path) : try Records(json: json, at: path)
    if let finding = records.findings(plan, place: path).first {
      throw ReferenceFailure(
        .tensor, at: finding.place, expected: finding.expected, found: finding.found)
    }
    return records
  }

  private static func foreign(
    _ json: JSON, _ plan: NetworkPlan, _ path: String
  ) throws -> Records {
    guard let dataset = json["dataset"]?.string, let evaluation = json["protocol"]?.string,
      let tool = json["tool"]?.string, let count = json["n"]?.int, count > 0,
      let correct = json["correct"]?.int, (0...count).contains(correct),
      let answers = json["answers"]?.array?.compactMap(\.int), answers.count == count,
      let spikes = json["spike_counts"]?.object
    else {
      throw ReferenceFailure(
        .tensor, at: path,
        expected: "dataset, protocol, tool, n, correct, answers and spike_counts",
        found: "other members")
    }
    var perStep: [String: [Int]] = [:]
    for group in plan.neurons {
      let name = plan.upstreamName(of: group)
      guard let counts = spikes[name]?.array?.compactMap(\.int),
        counts.count == plan.configuration.timeSteps, counts.allSatisfy({ $0 >= 0 })
      else {
        throw ReferenceFailure(
          .tensor, at: "\(path) \(name)",
          expected: "\(plan.configuration.timeSteps) spike counts of 0 or more",
          found: spikes[name].map { PlainText.excerpt($0.canonicalText) } ?? "none")
      }
      perStep[group.path] = counts
    }
    return Records(
      accuracy: [
        .init(
          dataset: dataset, evaluation: evaluation, correct: correct, count: count,
          source: .measured, by: tool, answers: answers)
      ],
      firing: [
        .init(dataset: dataset, evaluation: evaluation, count: count, by: tool, spikes: perStep)
      ])
  }
}
