import Diagnostics
import FileAccess

/// The parts of an evaluation that have begun below one folder, each in a folder `shard-I-of-N`.
///
/// Parts of different N overlap, so that no merge takes them: a part goes only beside parts of its
/// own N.
public struct ShardFolders: Sendable {
  private let directory: String
  private let parts: [Shard]

  /// Looks into a folder, which need not exist.
  ///
  /// - Throws: `FileFailure`.
  public init(in directory: String) throws {
    self.directory = directory
    let names = Files.isDirectory(directory) ? try Files.repairedNames(in: directory) : []
    parts = names.compactMap(Shard.init(folderName:))
      .filter { EvaluationFiles.hasBegun(Files.join(directory, $0.folderName)) }
      .sorted { ($0.count, $0.index) < ($1.count, $1.index) }
  }

  /// The folder of an evaluation, or of a part of it.
  public func folder(of shard: Shard) -> String {
    shard == .whole ? directory : Files.join(directory, shard.folderName)
  }

  /// Requires a process to do a part that fits those that have begun, and its array to be whole.
  ///
  /// How many tasks an array has says how many were submitted this time; when some of them run
  /// again, that is another number than the evaluation has parts.
  ///
  /// - Parameter detection: which part the process is to do; `nil` for everything.
  /// - Throws: `EvaluationFailure` with the option that does what may be meant.
  public func require(_ detection: ShardDetection?) throws {
    let shard = detection?.shard ?? .whole
    if let other = parts.first(where: { $0.count != shard.count }) {
      try refuse(shard, beside: other, detection)
    }
    if shard != .whole && EvaluationFiles.hasBegun(directory) {
      throw EvaluationFailure(
        .otherPart, at: directory,
        expected: "a folder of parts of \(shard.count); another --out, or --shard 0/1",
        found: "an evaluation that is not cut")
    }
    if let detection, let array = detection.partialArray {
      try refuse(array, of: detection)
    }
  }

  private func refuse(
    _ shard: Shard, beside other: Shard, _ detection: ShardDetection?
  ) throws -> Never {
    let counts = Set(parts.map(\.count)).sorted().map(String.init)
    let option =
      counts.count > 1
      ? "" : "\(detection.map { options($0, of: other.count) } ?? "--shard I/\(other.count)"), or "
    let found =
      detection.map {
        "part \(shard.index) of \(shard.count), by \($0.counter)"
          + ($0.partialArray.map { ", which counts \($0)" } ?? "")
      } ?? "a run that is not cut"
    throw EvaluationFailure(
      .otherPart, at: directory,
      expected: "a part of \(counts.joined(separator: " and ")), as \(other.folderName) is there; "
        + "\(option)another --out",
      found: found)
  }

  private func refuse(_ array: String, of detection: ShardDetection) throws -> Never {
    let option = parts.first.map { options(detection, of: $0.count) } ?? "--shard I/N"
    throw EvaluationFailure(
      .shard, at: detection.source,
      expected: "all tasks of an array that begins at "
        + "\(detection.firstTasks.map(String.init).joined(separator: " or ")); \(option) if "
        + "they are some of its tasks, --shard 0/1 for everything",
      found: "\(array), by \(detection.counter)")
  }

  /// The option for the part that a task has where an array begins at each number that it may.
  private func options(_ detection: ShardDetection, of count: Int) -> String {
    let possible = detection.firstTasks.compactMap { first in
      Shard(index: detection.task - first, count: count).map { (first, $0) }
    }
    guard possible.count > 1 else {
      return possible.first.map { option($0.1) } ?? "--shard I/\(count)"
    }
    return possible.map { "\(option($0.1)) if its array began at \($0.0)" }
      .joined(separator: ", ")
  }

  private func option(_ shard: Shard) -> String {
    let isDone = try? EvaluationResult(folder: folder(of: shard)).isComplete
    return "--shard \(shard.index)/\(shard.count)" + (isDone == true ? " (done)" : "")
  }
}

extension Shard {
  private static let folderPrefix = "shard-"

  /// The name of the folder that holds the part, as in `shard-3-of-8`.
  var folderName: String { "\(Self.folderPrefix)\(index)-of-\(count)" }

  /// The part that a folder of this name holds; `nil` if the name is another one.
  init?(folderName: String) {
    let numbers = folderName.dropFirst(Self.folderPrefix.count).split(separator: "-of-")
      .map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1] else { return nil }
    self.init(index: index, count: count)
    guard self.folderName == folderName else { return nil }
  }
}
