import Diagnostics
import Digests

/// Collects the lines of samples batch by batch, and holds them against what the batches state.
struct SampleLines {
  /// What a batch states of the lines of its samples, of which it has some.
  struct Stated {
    let batch: Int
    let lines: Int
    let digest: Digest

    init(_ batch: EvaluatedBatch) {
      self.batch = batch.number
      lines = batch.samples
      digest = batch.sampleLines
    }
  }

  private let stated: [Stated]
  private let path: String
  private var collected: [(line: [UInt8], place: String)] = []
  /// Batches that are whole.
  private var whole = 0

  init(_ stated: [Stated], at path: String) {
    self.stated = stated
    self.path = path
  }

  /// Takes the next line; `place` names it.
  ///
  /// - Returns: the lines of a batch, if this one is its last.
  /// - Throws: `EvaluationFailure` if they are not as they were written.
  mutating func batch(
    endingWith line: [UInt8], at place: String
  ) throws -> [(line: [UInt8], place: String)]? {
    guard whole < stated.count else { return nil }
    let batch = stated[whole]
    collected.append((line, place))
    guard collected.count == batch.lines else { return nil }
    guard SHA256.digest(of: collected.flatMap { $0.line + [0x0A] }) == batch.digest else {
      throw EvaluationFailure(
        .record, at: collected[0].place,
        expected: "the \(batch.lines) lines that were written for batch \(batch.batch); without "
          + "that batch and those below it in \(EvaluationFiles.batches), the same command runs "
          + "them again",
        found: "lines that its sample_lines_sha256 is not of")
    }
    defer { collected = [] }
    whole += 1
    return collected
  }

  /// Requires the lines of all batches to have been there.
  ///
  /// - Throws: `EvaluationFailure`.
  func requireAll() throws {
    guard whole < stated.count else { return }
    let before = stated[..<whole].reduce(0) { $0 + $1.lines }
    throw EvaluationFailure(
      .record, at: path,
      expected: "\(stated.reduce(0) { $0 + $1.lines }) samples, as the batches say",
      found: "\(before + collected.count)")
  }
}
