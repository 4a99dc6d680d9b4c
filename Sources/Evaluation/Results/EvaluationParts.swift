import CanonicalJSON
import Diagnostics
import FileAccess

/// Folders that belong to one evaluation: its shards, finished or not.
public struct EvaluationParts: Sendable {
  /// What is in the folders, by first batch.
  public let results: [EvaluationResult]
  /// Folders of shards in which no evaluation has begun.
  public let notBegun: [String]

  /// The evaluation as if it had never been cut.
  public var header: EvaluationHeader {
    var header = results[0].header
    header.part.shard = .whole
    return header
  }

  /// Reads folders of evaluations; a folder that has none stands for its `shard-...` folders, of
  /// which those that have not begun are only listed.
  ///
  /// - Throws: `EvaluationFailure` if they are of different models, protocols, data or limits;
  ///   what reading throws.
  public init(folders: [String]) throws {
    let found = try folders.map(Self.expanded)
    notBegun = found.flatMap(\.notBegun)
    let results = try found.flatMap(\.begun).map { try EvaluationResult(folder: $0) }
    guard let first = results.first else {
      throw EvaluationFailure(
        .folder, at: folders.first ?? "the command line",
        expected: "folders of evaluations that have begun", found: "none")
    }
    for result in results.dropFirst() {
      var (wanted, found) = (first.header, result.header)
      (wanted.part.shard, found.part.shard) = (.whole, .whole)
      try wanted.requireSame(found, at: result.folder)
    }
    self.results = results.sorted {
      ($0.header.part.ownBatches.lowerBound, $0.folder)
        < ($1.header.part.ownBatches.lowerBound, $1.folder)
    }
  }

  private static func expanded(
    _ folder: String
  ) throws -> (begun: [String], notBegun: [String]) {
    guard Files.isDirectory(folder), !EvaluationFiles.hasBegun(folder) else {
      return ([folder], [])
    }
    if isShard(Files.name(of: folder)) { return ([], [folder]) }
    let shards = try Files.repairedNames(in: folder).filter(isShard)
      .map { Files.join(folder, $0) }.filter(Files.isDirectory)
    guard !shards.isEmpty else { return ([folder], []) }
    return (
      shards.filter(EvaluationFiles.hasBegun), shards.filter { !EvaluationFiles.hasBegun($0) }
    )
  }

  private static func isShard(_ name: String) -> Bool { name.hasPrefix("shard-") }

  /// Batches that are in no folder, or not done yet.
  public var missing: [Range<Int>] {
    var (gaps, next) = ([Range<Int>](), 0)
    for done in doneRanges {
      if done.lowerBound > next { gaps.append(next..<done.lowerBound) }
      next = max(next, done.upperBound)
    }
    return next < header.part.batches ? gaps + [next..<header.part.batches] : gaps
  }

  /// Batches that are in more than one folder.
  public var doubled: [Range<Int>] {
    var (found, next) = ([Range<Int>](), 0)
    for done in doneRanges {
      if done.lowerBound < next { found.append(done.lowerBound..<min(next, done.upperBound)) }
      next = max(next, done.upperBound)
    }
    return found
  }

  private var doneRanges: [Range<Int>] {
    results.map { result in
      let start = result.header.part.ownBatches.lowerBound
      return start..<start + result.batches.count
    }.filter { !$0.isEmpty }
  }

  /// Writes the evaluation as one folder, byte for byte as one run would have written it.
  ///
  /// - Parameter output: is made; if it is there, it is empty or of the same evaluation.
  /// - Throws: `EvaluationFailure` if batches are missing or there twice; `FileFailure`, of code
  ///   `inUse` if another process writes to it.
  public func merge(into output: String) throws -> EvaluationResult {
    try require(missing, .missing, "every batch")
    try require(doubled, .doubled, "every batch once")
    try EvaluationResult.requireEachOnce(
      results.flatMap(\.indices), at: results.map(\.folder).joined(separator: ", "))
    let lock = try EvaluationFolder(output, for: header)
    defer { withExtendedLifetime(lock) {} }
    try EvaluationEnvironment(sessions: results.flatMap(\.environment.sessions))
      .write(in: output)
    // A part that was killed may hold samples of a batch that another part finished.
    try Files.concatenateLines(
      of: results.map { (Files.join($0.folder, EvaluationFiles.samples), $0.samples.count) },
      to: Files.join(output, EvaluationFiles.samples))
    try Files.concatenateLines(
      of: results.map { (Files.join($0.folder, EvaluationFiles.batches), $0.batches.count) },
      to: Files.join(output, EvaluationFiles.batches))
    return try EvaluationResult(folder: output)
  }

  private func require(
    _ ranges: [Range<Int>], _ code: EvaluationFailureCode, _ expected: String
  ) throws {
    guard let first = ranges.first else { return }
    let count = ranges.reduce(0) { $0 + $1.count }
    throw EvaluationFailure(
      code, at: results.map(\.folder).joined(separator: ", "),
      expected: "\(expected) of \(header.part.batches)",
      found: "\(count) that \(code == .missing ? "are not done" : "are there again"), "
        + "from batch \(first.lowerBound) on")
  }
}
