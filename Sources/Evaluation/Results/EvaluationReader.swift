import CanonicalJSON
import Diagnostics
import FileAccess

/// Reads the lines of an evaluation's folder, one by one, as far as they are complete.
struct EvaluationReader {
  private let folder: String
  private let header: EvaluationHeader

  init(_ folder: String, _ header: EvaluationHeader) {
    self.folder = folder
    self.header = header
  }

  /// Lends the complete batches; they must follow each other from the shard's first one on.
  func forEachBatch(_ body: (EvaluatedBatch, _ end: Int) throws -> Void) throws {
    let path = Files.join(folder, EvaluationFiles.batches)
    let own = header.part.ownBatches
    var next = own.lowerBound
    try lines(path) { json, place, end in
      let batch = try EvaluatedBatch(json: json, at: place)
      guard batch.number == next, own.contains(next), batch.fits(header) else {
        throw EvaluationFailure(
          .record, at: place, expected: "batch \(next), of \(own), of this network",
          found: "batch \(batch.number)")
      }
      next += 1
      try body(batch, end)
    }
  }

  /// Lends the first complete samples, at most `limit`; what follows has no batch yet.
  func forEachSample(
    upTo limit: Int, _ body: (EvaluatedSample, _ end: Int) throws -> Void
  ) throws {
    let mostSpikes = header.mostSpikesOfSample
    try lines(Files.join(folder, EvaluationFiles.samples), upTo: limit) { json, place, end in
      let sample = try EvaluatedSample(json: json, at: place)
      guard sample.fits(header, mostSpikes: mostSpikes) else {
        throw EvaluationFailure(
          .record, at: place,
          expected: "a sample of these data, and classes and spikes of this network",
          found: "sample \(sample.index)")
      }
      try body(sample, end)
    }
  }

  private func lines(
    _ path: String, upTo limit: Int = .max, _ body: (JSON, String, Int) throws -> Void
  ) throws {
    guard Files.exists(path) else { return }
    var number = 0
    try Files.forEachLine(of: path) { line, end in
      number += 1
      guard number <= limit else { return }
      let place = "\(path):\(number)"
      try body(try JSON(parsingCanonical: line, at: place), place, end)
    }
  }
}
