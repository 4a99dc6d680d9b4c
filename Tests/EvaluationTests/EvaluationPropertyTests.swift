import Evaluation
import Foundation
import TestSupport
import Testing

/// What holds of every evaluation, however it is damaged, killed or cut: random cases, as many as
/// `PropertyRounds` says.
@Suite struct EvaluationPropertyTests {
  private static let names = ["run.json", "samples.jsonl", "batches.jsonl"]

  private func write(_ files: [[UInt8]], to folder: String) throws {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, bytes) in zip(Self.names, files) {
      try TestFiles.write(bytes, to: "\(folder)/\(name)")
    }
  }

  /// A finished evaluation of which two batches have unreadable samples.
  private func finished() throws -> (TinyEvaluation, files: [[UInt8]], EvaluationResult) {
    let subject = try TinyEvaluation(bad: [2, 4, 5, 6, 7])
    let folder = try ScratchFolder()
    let result = try subject.run(into: folder.file("whole"), skips: true)
    return (subject, try TinyEvaluation.bytes(folder.file("whole")), result)
  }

  @Test func `no flipped bit and no cut, doubled or swapped line is believed`() throws {
    let (_, files, whole) = try finished()
    let folder = try ScratchFolder()
    for round in 0..<PropertyRounds.count(usual: 2000) {
      var random = RepeatableRandom(seed: UInt64(round))
      let damage = LineDamage.allCases[round % LineDamage.allCases.count]
      let file = Int.random(in: ([.bit, .torn].contains(damage) ? 0 : 1)...2, using: &random)
      var damaged = files
      damaged[file] = damage.done(to: files[file], &random)
      guard damaged != files else { continue }
      try write(damaged, to: folder.file("a"))
      // Less than all is believed where it is said to be less.
      let result = try? EvaluationResult(folder: folder.file("a"))
      let isBelieved = result.map {
        $0.isComplete || !whole.samples.starts(with: $0.samples)
          || !whole.batches.starts(with: $0.batches)
      }
      #expect(isBelieved != true, "round \(round): \(damage) of \(Self.names[file])")
    }
  }

  @Test func `damage is refused by one name, with what to do`() throws {
    let (subject, files, _) = try finished()
    let folder = try ScratchFolder()
    let path = folder.file("a")
    for round in 0..<PropertyRounds.count(usual: 60) {
      var random = RepeatableRandom(seed: UInt64(round))
      let file = Int.random(in: 1...2, using: &random)
      var damaged = files
      damaged[file] = LineDamage.bit.done(to: files[file], &random)
      try write(damaged, to: path)
      let refusal = try Refusal.of { _ = try subject.run(into: path, skips: true) }
      guard let refusal else {
        // The last line feed: a line without one is what a kill leaves, and is done again.
        #expect(damaged[2].last != 0x0A, "round \(round)")
        #expect(try TinyEvaluation.bytes(path) == files)
        continue
      }
      #expect(refusal == Refusal(name: "evaluation-record", exitCode: 65), "round \(round)")
    }
    // What the failure says to do.
    let lines = files[2].split(separator: 0x0A, omittingEmptySubsequences: false)
    let kept: [UInt8] = lines.prefix(3).flatMap { $0 + [0x0A] }
    try write([files[0], files[1], kept], to: path)
    _ = try subject.run(into: path, skips: true)
    #expect(try TinyEvaluation.bytes(path) == files)
  }

  @Test func `a run that was killed at any byte has the same bytes in the end`() throws {
    let (subject, files, whole) = try finished()
    let folder = try ScratchFolder()
    for round in 0..<PropertyRounds.count(usual: 20) {
      var random = RepeatableRandom(seed: UInt64(round))
      let path = folder.file("\(round)")
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let batches = Int.random(in: 0...files[2].count, using: &random)
        let counted = Self.bytesOfSamples(in: files, batches: files[2].prefix(batches))
        let samples = Int.random(in: counted...files[1].count, using: &random)
        try write(
          [files[0], Array(files[1].prefix(samples)), Array(files[2].prefix(batches))], to: path)
        let stops = Int.random(in: 0...3, using: &random)
        _ = try? subject.run(into: path, stopAfter: stops, skips: true)
        let partial = try EvaluationResult(folder: path)
        #expect(whole.samples.starts(with: partial.samples), "round \(round)")
      }
      _ = try subject.run(into: path, skips: true)
      #expect(try TinyEvaluation.bytes(path) == files, "round \(round)")
    }
  }

  /// Samples are on the disk before their batch, so a kill leaves at least these bytes of them.
  private static func bytesOfSamples(in files: [[UInt8]], batches: ArraySlice<UInt8>) -> Int {
    let numbers = [3, 0, 4, 4, 4, 3]
    let done = batches.count { $0 == 0x0A }
    return files[1].split(separator: 0x0A).prefix(numbers.prefix(done).reduce(0, +))
      .reduce(0) { $0 + $1.count + 1 }
  }

  @Test func `shards merge to the same bytes in any number and order`() throws {
    let (subject, files, _) = try finished()
    let folder = try ScratchFolder()
    for round in 0..<PropertyRounds.count(usual: 12) {
      var random = RepeatableRandom(seed: UInt64(round))
      let count = Int.random(in: 1...6, using: &random)
      let shards = (0..<count).compactMap { Shard(index: $0, count: count) }
      for shard in shards.shuffled(using: &random) {
        let path = folder.file("\(round)/shard-\(shard.index)-of-\(count)")
        let stops = Int.random(in: 0...2, using: &random)
        _ = try? subject.run(into: path, shard: shard, stopAfter: stops, skips: true)
        _ = try subject.run(into: path, shard: shard, skips: true)
      }
      let paths = shards.map { folder.file("\(round)/shard-\($0.index)-of-\(count)") }
      let merged = folder.file("merged-\(round)")
      _ = try EvaluationParts(folders: paths.shuffled(using: &random)).merge(into: merged)
      #expect(try TinyEvaluation.bytes(merged) == files, "round \(round)")
    }
  }
}

/// A way in which lines can be damaged.
private enum LineDamage: CaseIterable {
  case bit, cut, doubled, swapped, torn

  func done(to bytes: [UInt8], _ random: inout RepeatableRandom) -> [UInt8] {
    if self == .torn { return Array(bytes.prefix(Int.random(in: bytes.indices, using: &random))) }
    if self == .bit {
      var flipped = bytes
      let place = Int.random(in: bytes.indices, using: &random)
      flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      return flipped
    }
    var lines = bytes.split(separator: 0x0A).map { Array($0) + [0x0A] }
    let (line, other) = (
      Int.random(in: lines.indices, using: &random), Int.random(in: lines.indices, using: &random)
    )
    switch self {
    case .cut: lines.remove(at: line)
    case .doubled: lines.insert(lines[line], at: other)
    case .swapped: lines.swapAt(line, other)
    case .bit, .torn: break
    }
    return lines.flatMap { $0 }
  }
}
