import CanonicalJSON
import Diagnostics
import Digests
import FileAccess

/// Reads the lines of an evaluation's folder as far as they count, and holds them against their
/// digests.
struct EvaluationReader {
  /// Where in each file that ends which counts; a run that was killed may leave more.
  struct Ends {
    var batches = 0
    var samples = 0
  }

  private let header: EvaluationHeader
  private let batchPath: String
  private let samplePath: String

  init(_ folder: String, _ header: EvaluationHeader) {
    self.header = header
    batchPath = Files.join(folder, EvaluationFiles.batches)
    samplePath = Files.join(folder, EvaluationFiles.samples)
  }

  /// Lends the complete batches, then their samples, in the order of the evaluation.
  ///
  /// - Throws: `EvaluationFailure` for what is not as it was written; `JSONFailure`, `FileFailure`,
  ///   and what the bodies throw.
  func read(
    batch batchBody: (EvaluatedBatch) throws -> Void,
    sample sampleBody: (EvaluatedSample, _ place: String) throws -> Void
  ) throws -> Ends {
    var (ends, batches, stated) = (Ends(), 0, [SampleLines.Stated]())
    try forEachBatch { batch, end in
      batches += 1
      ends.batches = end
      if batch.samples > 0 { stated.append(.init(batch)) }
      try batchBody(batch)
    }
    ends.samples = try forEachSample(of: stated, sampleBody)
    if batches == header.part.ownBatches.count {
      try requireEnd(of: batchPath, at: ends.batches)
      try requireEnd(of: samplePath, at: ends.samples)
    }
    return ends
  }

  /// The batches must follow each other from the shard's first one on.
  private func forEachBatch(_ body: (EvaluatedBatch, _ end: Int) throws -> Void) throws {
    let (own, evaluation) = (header.part.ownBatches, header.digest)
    var next = own.lowerBound
    try forEachLine(of: batchPath) { line, place, end in
      let batch = try EvaluatedBatch(line: line, of: evaluation, at: place)
      guard batch.number == next, own.contains(next), batch.fits(header) else {
        throw EvaluationFailure(
          .record, at: place, expected: "batch \(next), of \(own), of this network",
          found: "batch \(batch.number)")
      }
      next += 1
      try body(batch, end)
    }
  }

  /// The samples of batches; what follows has no batch yet.
  ///
  /// - Returns: where the last of them ends.
  private func forEachSample(
    of batches: [SampleLines.Stated], _ body: (EvaluatedSample, _ place: String) throws -> Void
  ) throws -> Int {
    var lines = SampleLines(batches, at: samplePath)
    let mostSpikes = header.mostSpikesOfSample
    var lastEnd = 0
    try forEachLine(of: samplePath) { line, place, end in
      guard let batch = try lines.batch(endingWith: line, at: place) else { return }
      lastEnd = end
      for (line, place) in batch {
        let sample = try EvaluatedSample(
          json: try JSON(parsingCanonical: line, at: place), at: place)
        guard sample.fits(header, mostSpikes: mostSpikes) else {
          throw EvaluationFailure(
            .record, at: place,
            expected: "a sample of these data, and classes and spikes of this network",
            found: "sample \(sample.index)")
        }
        try body(sample, place)
      }
    }
    try lines.requireAll()
    return lastEnd
  }

  /// A complete evaluation has nothing left to write.
  private func requireEnd(of path: String, at end: Int) throws {
    let size = Files.exists(path) ? try Files.stamp(of: path).size : 0
    guard size == end else {
      throw EvaluationFailure(
        .record, at: path,
        expected: "\(end) bytes of a complete evaluation; cut the file there",
        found: "\(size)")
    }
  }

  private func forEachLine(
    of path: String, _ body: (_ line: [UInt8], _ place: String, _ end: Int) throws -> Void
  ) throws {
    guard Files.exists(path) else { return }
    var number = 0
    try Files.forEachLine(of: path) { line, end in
      number += 1
      try body(line, "\(path):\(number)", end)
    }
  }
}
