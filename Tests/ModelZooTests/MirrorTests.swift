import BlobCache
import CanonicalJSON
import Digests
import FileAccess
import Foundation
import ModelZoo
import TestSupport
import Testing

/// What a mirror holds, and what it says of it.
@Suite struct MirrorTests {
  private static let text = Array("a label".utf8)
  private let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private var tree: String { scratch.file("tree") }

  /// Copies of an entry under other names, each with one file.
  private func entries(_ count: Int, file: JSON) throws -> [JSON] {
    let path = TestFiles.package + "/zoo/entries/qkformer-digits/entry.json"
    var members = try #require(try JSON(parsing: TestFiles.bytes(path), at: path).object)
    members["aliases"] = []
    members["files"] = [file]
    return (0..<count).map { number in
      members["name"] = .string("entry-\(number)")
      return .object(members)
    }
  }

  private func file(size: Int) -> JSON {
    [
      "role": "upstream", "name": "log.txt", "size": .integer(size),
      "sha256": .string(SHA256.digest(of: Self.text).hex),
    ]
  }

  /// An index of entries whose file is in the cache.
  private func zoo(_ entries: [JSON]) throws -> LocalZoo {
    let json: JSON = [
      "schema": .string(ZooIndex.schema), "entries": .array(entries), "labels": [:],
    ]
    let cache = Cache(root: scratch.file("cache"))
    _ = try cache.keep(Self.text, name: "log.txt", source: "test")
    return LocalZoo(index: try ZooIndex(json: json, at: "test")) { cache }
  }

  private func write(_ zoo: LocalZoo) throws -> Mirror.Content {
    try Mirror.write(zoo.index.entries, of: zoo, to: tree)
  }

  @Test func `sizes that an index lists are not believed, and a file counts once`() throws {
    let zoo = try zoo(entries(1030, file: file(size: 1 << 53 - 1)))
    let content = try write(zoo)
    #expect(content.bytes == Self.text.count)
    #expect(content.entries.allSatisfy { $0.files == 1 })
  }

  @Test func `a file of the tree that is not what its name says is replaced`() throws {
    let zoo = try zoo(entries(1, file: file(size: Self.text.count)))
    let blob = tree + "/blobs/" + SHA256.digest(of: Self.text).hex
    try Files.makeDirectories(tree + "/blobs")
    try TestFiles.write([1, 2], to: blob)
    #expect(try write(zoo).bytes == Self.text.count)
    #expect(try TestFiles.bytes(blob) == Self.text)
  }

  @Test func `an index of thousands of entries takes seconds`() throws {
    let zoo = try zoo(entries(4000, file: file(size: Self.text.count)))
    let before = Self.seconds
    _ = try write(zoo)
    #expect(Self.seconds - before < 20)
  }

  /// What this thread has computed; tests that run beside it do not count.
  private static var seconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec
  }

  @Test func `a file that only an MD5 is listed of is not in the tree`() throws {
    let path = scratch.file("zoo/entries/entry-0")
    try Files.makeDirectories(path)
    try TestFiles.write(Self.text, to: path + "/log.txt")
    let md5 = try #require(try FileDigests(ofFile: path + "/log.txt").md5)
    let described = try entries(
      1,
      file: [
        "role": "upstream", "name": "log.txt", "size": .integer(Self.text.count),
        "md5": .string(md5.hex),
      ])
    try TestFiles.write(described[0].canonicalBytes, to: path + "/entry.json")
    let cache = Cache(root: scratch.file("cache"))
    let zoo = LocalZoo(index: try .directory(scratch.file("zoo"))) { cache }
    #expect(try write(zoo).entries.map(\.files) == [0])
    let sources = try Mirror.index(at: tree + "/index.json").entries[0].sources
    #expect(!sources.contains { $0.kind == "mirror" })
  }
}
