import CheckpointFormat
import Datasets
import Evaluation
import FileAccess
import Foundation
import TestSupport
import Testing

/// Folders of evaluations: what is refused, what a kill leaves, and what is the whole of a split.
@Suite struct EvaluationFolderTests {
  private func bytes(_ folder: String) throws -> [[UInt8]] {
    try TinyEvaluation.bytes(folder)
  }

  private func refusal(_ body: () throws -> Void) throws -> String? {
    try Refusal.of(body)?.name
  }

  @Test func `a folder of something else is refused by name`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let path = folder.file("a")
    _ = try subject.run(into: path)
    func again(_ subject: TinyEvaluation, _ rules: EvaluationProtocol? = nil, limit: Int? = nil)
      throws
      -> String?
    {
      try refusal { _ = try subject.run(rules, into: path, limit: limit) }
    }
    #expect(try again(subject) == nil)
    #expect(try again(subject, subject.rules(.perImage)) == "evaluation-other-protocol")
    #expect(try again(subject, subject.rules(batch: 5)) == "evaluation-other-protocol")
    #expect(try again(subject, limit: 8) == "evaluation-other-part")
    #expect(try again(try TinyEvaluation(count: 22)) == "evaluation-other-data")
    try TestFiles.write([], to: folder.file("a/notes.txt"))
    #expect(try again(subject) == "already-exists")
  }

  @Test(arguments: [
    ["samples.jsonl": "a\n"], ["batches.jsonl": "{}"], ["environment.json": "{}"],
    ["a.partial": ""], ["run.json.partial": ""], ["notes.txt": "", "samples.jsonl": ""],
  ])
  func `a folder of somebody else is refused and left as it is`(_ files: [String: String]) throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let (path, whole) = (folder.file("a"), folder.file("whole"))
    _ = try subject.run(into: whole)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try TestFiles.write(Array(text.utf8), to: "\(path)/\(name)") }
    #expect(try refusal { _ = try subject.run(into: path) } == "already-exists")
    #expect(
      try refusal { _ = try EvaluationParts(folders: [whole]).merge(into: path) }
        == "already-exists")
    #expect(Set(try FileManager.default.contentsOfDirectory(atPath: path)) == Set(files.keys))
    for (name, text) in files {
      #expect(try TestFiles.bytes("\(path)/\(name)") == Array(text.utf8))
    }
  }

  @Test func `a start that was killed before its description is begun again`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    _ = try subject.run(into: folder.file("whole"))
    let path = folder.file("a")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in ["samples.jsonl", "batches.jsonl", "run.json.1x.partial"] {
      try TestFiles.write([], to: "\(path)/\(name)")
    }
    _ = try subject.run(into: path)
    #expect(try bytes(path) == bytes(folder.file("whole")))
    let left = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(left.sorted() == ["batches.jsonl", "environment.json", "run.json", "samples.jsonl"])
  }

  @Test func `a merge keeps other processes out`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let (whole, merged) = (folder.file("whole"), folder.file("merged"))
    _ = try subject.run(into: whole)
    _ = try EvaluationParts(folders: [whole]).merge(into: merged)
    func merge() throws { _ = try EvaluationParts(folders: [whole]).merge(into: merged) }
    do {
      let log = try LineLog(path: merged + "/batches.jsonl")
      let name = try withExtendedLifetime(log) { try refusal(merge) }
      #expect(name == "file-in-use")
    }
    try merge()
    #expect(try bytes(merged) == bytes(whole))
  }

  @Test func `files that contradict each other are refused by name`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let path = folder.file("a")
    _ = try subject.run(into: path)
    func reading(_ name: String, _ change: (String) -> String) throws -> String? {
      let names = [name, "batches.jsonl"]
      let bytes = try names.map { try TestFiles.bytes("\(path)/\($0)") }
      defer {
        for (name, bytes) in zip(names, bytes) {
          try? TestFiles.write(bytes, to: "\(path)/\(name)")
        }
      }
      let text = change(String(decoding: bytes[0], as: UTF8.self))
      try TestFiles.write(Array(text.utf8), to: "\(path)/\(name)")
      try Forgery.seal(path)
      return try refusal { _ = try EvaluationResult(folder: path) }
    }
    func replacing(_ old: String, _ new: String) -> (String) -> String {
      { text in
        #expect(text.contains(old))
        return text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
          .joined(separator: new)
      }
    }
    #expect(try reading("batches.jsonl") { $0 } == nil)
    for (name, old, new) in [
      ("batches.jsonl", "\"batch\":1", "\"batch\":2"),
      ("batches.jsonl", "spikes\":[[", "spikes\":[[1,"),
      ("batches.jsonl", "\"samples\":3", "\"samples\":4"), ("samples.jsonl", "\"label\"", "\"l\""),
      ("batches.jsonl", "\"samples\":3", "\"samples\":9007199254740992"),
      ("batches.jsonl", "elements\":[", "elements\":[0,"),
      ("samples.jsonl", "\"index\":0", "\"index\":23"),
      ("samples.jsonl", "\"label\":0", "\"label\":-1"),
      ("samples.jsonl", "\"label\":0", "\"label\":1000000"),
      ("samples.jsonl", "\"spikes\":", "\"spikes\":9"),
    ] {
      #expect(try reading(name, replacing(old, new)) == "evaluation-record", "\(name) \(old)")
    }
    for (old, new) in [
      ("\"batch_size\":4", "\"batch_size\":5"), ("\"shards\":1", "\"shards\":0"),
      ("evaluation/2", "evaluation/3"), ("evaluation/2", "evaluation/1"),
      ("\"model_id\"", "\"id\""),
      ("\"batch_size\":4", "\"batch_size\":9007199254740992"),
      ("\"batches\":6", "\"batches\":9007199254740992"), ("\"n\":23", "\"n\":9007199254740992"),
      ("\"batches\":6", "\"batches\":24"), ("\"samples\":23", "\"samples\":24"),
    ] {
      #expect(try reading("run.json", replacing(old, new)) == "evaluation-header", "\(old)")
    }
    for (pattern, new) in [
      ("\"loss\":[^,]*", "\"loss\":1e+308"), ("\"loss\":[^,]*", "\"loss\":-1"),
    ] {
      let name = try reading("samples.jsonl") {
        $0.replacingOccurrences(of: pattern, with: new, options: .regularExpression)
      }
      #expect(name == "evaluation-record", "\(new)")
    }
    for pattern in ["elements\":\\[[0-9]*", "sum\":\\[[0-9]*", "largest\":\\[[0-9]*"] {
      let member = pattern.prefix { $0 != "\"" }
      for value in ["0", "9007199254740992"]
      where (member, value) != ("elements", "9007199254740992") {
        let name = try reading("batches.jsonl") {
          $0.replacingOccurrences(
            of: pattern, with: "\(member)\":[\(value)", options: .regularExpression)
        }
        #expect(name == "evaluation-record", "\(member) \(value)")
      }
    }
    for (pattern, new) in [
      ("\"time_steps\":[0-9]*", "\"time_steps\":-1"),
      ("\"height\":[0-9]*", "\"height\":9007199254740992"),
      ("\"width\":[0-9]*", "\"width\":-1"), ("\"width\":[0-9]*", "\"width\":0"),
    ] {
      let name = try reading("run.json") {
        $0.replacingOccurrences(of: pattern, with: new, options: .regularExpression)
      }
      #expect(name?.hasPrefix("evaluation-") == true || name?.hasPrefix("configuration-") == true)
    }
    let none = try reading("samples.jsonl") { _ in "" }
    #expect(none == "evaluation-record")
  }

  @Test func `records of other samples than plan and data have are not gone on with`() throws {
    let subject = try TinyEvaluation(bad: [2, 9])
    let folder = try ScratchFolder()
    let path = folder.file("a")
    _ = try? subject.run(into: path, stopAfter: 3, skips: true)
    let names = ["samples.jsonl", "batches.jsonl"]
    let good = try names.map { try TestFiles.bytes("\(path)/\($0)") }
    func goingOn(_ name: String, _ change: ([String]) -> [String]) throws -> String? {
      for (name, bytes) in zip(names, good) { try TestFiles.write(bytes, to: "\(path)/\(name)") }
      let lines = String(decoding: try TestFiles.bytes("\(path)/\(name)"), as: UTF8.self)
        .split(separator: "\n").map { String($0) + "\n" }
      try TestFiles.write(Array(change(lines).joined().utf8), to: "\(path)/\(name)")
      try Forgery.seal(path)
      return try refusal { _ = try subject.run(into: path, skips: true) }
    }
    // A line again in the place of another, two lines exchanged, another label, another name.
    #expect(
      try goingOn("samples.jsonl") { [$0[1], $0[1]] + Array($0.dropFirst(2)) }
        == "evaluation-record")
    #expect(try refusal { _ = try EvaluationResult(folder: path) } == "evaluation-record")
    #expect(
      try refusal { _ = try EvaluationParts(folders: [path]) } == "evaluation-record")
    #expect(
      try goingOn("samples.jsonl") { [$0[1], $0[0]] + Array($0.dropFirst(2)) }
        == "evaluation-record")
    for (name, old, new) in [
      ("samples.jsonl", "\"label\":0", "\"label\":1"), ("samples.jsonl", "tiny:1", "tiny:9"),
      ("batches.jsonl", "\"file\":\"tiny:2\"", "\"file\":\"tiny:1\""),
      ("batches.jsonl", "\"index\":2", "\"index\":9"),
      ("batches.jsonl", "\"index\":2", "\"index\":1"),
      ("batches.jsonl", "\"index\":2", "\"index\":9007199254740991"),
    ] {
      let found = try goingOn(name) { lines in
        lines.map { $0.replacingOccurrences(of: old, with: new) }
      }
      #expect(found == "evaluation-record", "\(name) \(new)")
    }
    #expect(try goingOn("samples.jsonl") { $0 } == nil)
    _ = try subject.run(into: folder.file("whole"), skips: true)
    #expect(try bytes(path) == bytes(folder.file("whole")))
  }

  @Test func `a sample in two parts is not merged`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let paths = try (0..<2).map { index in
      let path = folder.file("shard-\(index)")
      _ = try subject.run(into: path, shard: try #require(Shard(index: index, count: 2)))
      return path
    }
    let text = String(decoding: try TestFiles.bytes(paths[1] + "/samples.jsonl"), as: UTF8.self)
    let twice = text.replacingOccurrences(of: "\"index\":12,", with: "\"index\":0,")
    #expect(twice != text)
    try TestFiles.write(Array(twice.utf8), to: paths[1] + "/samples.jsonl")
    try Forgery.seal(paths[1])
    #expect(
      try refusal { _ = try EvaluationParts(folders: paths).merge(into: folder.file("m")) }
        == "evaluation-record")
    #expect(!Files.exists(folder.file("m")))
  }

  @Test func `shards that have not begun are listed, and their batches missing`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let path = folder.file("a")
    for index in [0, 2] {
      _ = try subject.run(
        into: "\(path)/shard-\(index)-of-3", shard: try #require(Shard(index: index, count: 3)))
    }
    let empty = "\(path)/shard-1-of-3"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    let parts = try EvaluationParts(folders: [path])
    #expect(parts.notBegun == [empty] && parts.missing == [2..<4] && parts.results.count == 2)
    #expect(try refusal { _ = try parts.merge(into: folder.file("m")) } == "evaluation-missing")
    #expect(try refusal { _ = try EvaluationParts(folders: [empty]) } == "evaluation-folder")
    try FileManager.default.removeItem(atPath: "\(path)/shard-0-of-3")
    try FileManager.default.removeItem(atPath: "\(path)/shard-2-of-3")
    #expect(try refusal { _ = try EvaluationParts(folders: [path]) } == "evaluation-folder")
  }

  @Test func `a broken file of sessions is refused before anything is computed`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    let path = folder.file("a")
    _ = try? subject.run(into: path, stopAfter: 1)
    let before = try bytes(path)
    for (text, failure) in [("{", "json-syntax"), ("{}", "evaluation-header")] {
      try TestFiles.write(Array(text.utf8), to: path + "/environment.json")
      #expect(try refusal { _ = try subject.run(into: path) } == failure)
      #expect(try bytes(path) == before)
    }
  }

  @Test(arguments: [("imagenet-1k", "val", 50_000), ("cifar10", "test", 10_000)])
  func `a copy that lacks samples of a published split is not the whole split`(
    _ name: String, _ split: String, _ count: Int
  ) throws {
    let folder = try ScratchFolder()
    let some = try TinyEvaluation(name: name, split: split).run(into: folder.file("a"))
    #expect(some.isComplete && !some.isWholeSplit && some.header.isPartial)
    #expect(some.header.splitCount == count && some.header.data.count == 23)
    let other = try TinyEvaluation(name: name, split: "train").run(into: folder.file("b"))
    #expect(other.isWholeSplit && other.header.splitCount == 23)
    // Shards of such a copy merge as those of any other.
    let subject = try TinyEvaluation(name: name, split: split)
    for index in 0..<2 {
      _ = try subject.run(
        into: folder.file("c") + "/shard-\(index)-of-2",
        shard: try #require(Shard(index: index, count: 2)))
    }
    let merged = try EvaluationParts(folders: [folder.file("c")]).merge(into: folder.file("d"))
    #expect(merged.isComplete && !merged.isWholeSplit && merged.header.splitCount == count)
  }

  @Test func `an evaluation without an answer has no figure`() throws {
    let subject = try TinyEvaluation(count: 3, bad: [0, 1, 2])
    let folder = try ScratchFolder()
    let result = try subject.run(into: folder.file("a"), skips: true)
    #expect(result.isComplete && result.samples.isEmpty)
    #expect(
      try Refusal.of { try result.requireAnswers() }
        == Refusal(name: "evaluation-empty", exitCode: 65))
    let one = try TinyEvaluation(count: 3, bad: [0, 2]).run(into: folder.file("b"), skips: true)
    #expect(try refusal { try one.requireAnswers() } == nil)
  }
}
