import CanonicalJSON
import Diagnostics
import Digests
import FileAccess
import SpikingModels

/// The files of an evaluation.
///
/// `run.json`, `samples.jsonl` and `batches.jsonl` depend on model, protocol and data alone;
/// `environment.json` holds what depends on time and machine.
enum EvaluationFiles {
  static let header = "run.json"
  static let samples = "samples.jsonl"
  static let batches = "batches.jsonl"
  static let environment = "environment.json"
  /// The files of which the same evaluation always has the same bytes.
  static let compared = [header, samples, batches]
  static let all = compared + [environment]

  /// Whether a folder holds an evaluation, be it only its description.
  static func hasBegun(_ folder: String) -> Bool { Files.exists(Files.join(folder, header)) }

  /// A description that is there; `nil` if there is none.
  static func header(in folder: String) throws -> EvaluationHeader? {
    let path = Files.join(folder, header)
    guard Files.exists(path) else { return nil }
    var text = try Files.read(path, limit: 16 << 20)
    guard text.popLast() == 0x0A else {
      throw EvaluationFailure.header(path, "a line of JSON")
    }
    return try EvaluationHeader(json: try JSON(parsingCanonical: text, at: path), at: path)
  }

  /// Requires a folder to be new, empty, or of an evaluation, and touches nothing in it. Before the
  /// description is there, an evaluation has no line yet.
  ///
  /// - Returns: whether the description is there.
  @discardableResult
  static func check(_ folder: String, for evaluation: EvaluationHeader) throws -> Bool {
    let found = try header(in: folder)
    let names = try Files.repairedNames(in: folder)
    let foreign = try names.first { name in
      guard all.contains(name) else {
        return !all.contains { AtomicFile.isLeftover(name, of: $0) }
      }
      return try found == nil && Files.stamp(of: Files.join(folder, name)).size > 0
    }
    if let foreign {
      throw FileFailure(
        .exists, at: folder, expected: "a new or empty folder, or one of an evaluation",
        found: foreign)
    }
    if let found { try evaluation.requireSame(found, at: folder) }
    return found != nil
  }
}

/// An evaluation's folder, open for more batches; no other process can write to it meanwhile.
///
/// A batch counts when its line in `batches.jsonl` is complete, which is written after its samples
/// outlast a crash. What a crash left beyond that is dropped when the folder is opened again.
final class EvaluationFolder {
  /// What was found in the folder.
  private(set) var done = Done()
  private let header: EvaluationHeader
  private let digest: Digest
  private let samples: LineLog
  private let batches: LineLog

  /// Complete batches, and what is known of their samples.
  struct Done {
    var batches = 0
    var samples = 0
    var correct = 0
  }

  /// Opens the folder of an evaluation, or makes it.
  ///
  /// - Parameter planned: of which what the folder holds must be, if it is known.
  /// - Throws: `EvaluationFailure` if it is another evaluation's, or its files break their format;
  ///   `JSONFailure`, `FileFailure`.
  init(
    _ path: String, for header: EvaluationHeader, planned: PlannedSamples? = nil
  ) throws {
    self.header = header
    digest = header.digest
    let made = try Files.makeDirectories(path)
    try EvaluationFiles.check(path, for: header)
    // It is written again only when hours of computing are over.
    _ = try EvaluationEnvironment(in: path)
    samples = try LineLog(path: Files.join(path, EvaluationFiles.samples))
    batches = try LineLog(path: Files.join(path, EvaluationFiles.batches))
    // Another process may have begun meanwhile; from here on none can.
    let isBegun = try EvaluationFiles.check(path, for: header)
    for name in EvaluationFiles.compared + [EvaluationFiles.environment] {
      AtomicFile.removeLeftovers(of: Files.join(path, name))
    }
    if isBegun {
      try resume(path, planned)
    } else {
      try Self.begin(path, header, made)
    }
  }

  /// Writes the description; where there is no room for it, what was made for it goes.
  private static func begin(
    _ path: String, _ header: EvaluationHeader, _ made: [String]
  ) throws {
    do {
      try AtomicFile.replace(
        Files.join(path, EvaluationFiles.header), with: header.json.canonicalBytes + [0x0A])
    } catch {
      for name in [EvaluationFiles.samples, EvaluationFiles.batches] {
        Files.remove(Files.join(path, name))
      }
      Files.removeEmpty(made)
      throw error
    }
  }

  /// Appends a batch: its samples first, then the line that makes them count.
  ///
  /// - Throws: `EvaluationFailure` for what would not be read again; `FileFailure`.
  func append(_ batch: EvaluatedBatch, _ evaluated: [EvaluatedSample]) throws {
    let mostSpikes = header.mostSpikesOfSample
    guard batch.fits(header), evaluated.allSatisfy({ $0.fits(header, mostSpikes: mostSpikes) })
    else {
      throw EvaluationFailure(
        .record, at: "batch \(batch.number)",
        expected: "counts of the network at \(header.rules.size.height) x "
          + "\(header.rules.size.width)", found: "others")
    }
    try samples.append(EvaluatedSample.lines(evaluated))
    try batches.append(batch.line(of: digest))
  }

  private func resume(_ path: String, _ planned: PlannedSamples?) throws {
    var indices: [Int] = []
    let ends = try EvaluationReader(path, header).read { batch in
      indices += try planned?.indices(of: batch, at: path) ?? []
      done.batches += 1
    } sample: { sample, place in
      try planned?.require(sample, at: indices[done.samples], in: place)
      done.samples += 1
      done.correct += sample.isCorrect ? 1 : 0
    }
    try batches.cut(at: ends.batches)
    try samples.cut(at: ends.samples)
  }
}

extension EvaluationHeader {
  /// Requires what a folder holds to be this evaluation.
  ///
  /// - Throws: `EvaluationFailure` that names what differs.
  func requireSame(_ found: EvaluationHeader, at folder: String) throws {
    func fail(_ code: EvaluationFailureCode, _ expected: String, _ there: String) throws {
      throw EvaluationFailure(code, at: folder, expected: expected, found: there)
    }
    if model.modelID != found.model.modelID {
      try fail(
        .otherModel, "an evaluation of model \(model.modelID)", "one of \(found.model.modelID)")
    }
    if rules != found.rules || model != found.model {
      try fail(
        .otherProtocol, "\(rules.name.rawValue): \(rules.words)",
        "\(found.rules.name.rawValue): \(found.rules.words)")
    }
    try requireSameData(found, at: folder)
    if part != found.part { try fail(.otherPart, part.words, found.part.words) }
  }
}

extension EvaluationHeader {
  /// Requires what a folder holds to be of the same samples.
  ///
  /// - Throws: `EvaluationFailure`.
  public func requireSameData(_ found: EvaluationHeader, at folder: String) throws {
    guard data != found.data else { return }
    throw EvaluationFailure(
      .otherData, at: folder, expected: "samples \(data.samples)",
      found: "samples \(found.data.samples)")
  }
}

extension EvaluationHeader.Part {
  /// As in `shard 0 of 8, all samples`.
  var words: String {
    "shard \(shard.index) of \(shard.count), "
      + (limit.map { "limit \($0) (\(samples) samples)" } ?? "all \(samples) samples")
  }
}
