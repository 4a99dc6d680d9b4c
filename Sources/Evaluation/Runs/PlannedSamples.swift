import Datasets
import Diagnostics

/// The samples of each reference batch as plan and data have them: what records must be of.
struct PlannedSamples {
  private let plan: BatchPlan
  private let samples: [LabelledDataset.Sample]

  init(_ plan: BatchPlan, _ samples: [LabelledDataset.Sample]) {
    self.plan = plan
    self.samples = samples
  }

  /// The indices of the samples of a recorded batch, in order, without those that were left out.
  ///
  /// - Throws: `EvaluationFailure` if the batch records others; `place` names its file.
  func indices(of batch: EvaluatedBatch, at place: String) throws -> [Int] {
    let own = plan.batches[batch.number]
    let left = Set(batch.excluded.map(\.index))
    let rest = own.filter { !left.contains($0) }
    guard rest.count == batch.samples, rest.count + batch.excluded.count == own.count,
      batch.excluded.allSatisfy({ $0.file == samples[$0.index].name })
    else {
      throw EvaluationFailure(
        .record, at: "\(place) batch \(batch.number)",
        expected: "the \(own.count) samples that these data have there",
        found: "\(batch.samples) samples and \(batch.excluded.count) left out")
    }
    return rest
  }

  /// Requires a record to be of a sample.
  ///
  /// - Throws: `EvaluationFailure`; `place` names the record's file.
  func require(_ record: EvaluatedSample, at index: Int, in place: String) throws {
    let sample = samples[index]
    guard (record.index, record.file, record.label) == (index, sample.name, sample.label) else {
      throw EvaluationFailure(
        .record, at: place, expected: "sample \(index), \(sample.name), of class \(sample.label)",
        found: "sample \(record.index), \(record.file), of class \(record.label)")
    }
  }
}
