import BlobCache
import Digests
import FileAccess
import Foundation
import TestSupport
import Testing
import Transfer

/// Blobs, records and upkeep.
@Suite struct CacheTests {
  private let scratch: ScratchFolder
  private let cache: Cache
  private let content = Array("forty-two bytes that stand for some weights".utf8)

  init() throws {
    scratch = try ScratchFolder()
    cache = Cache(root: scratch.file("cache"))
    try TestFiles.write(content, to: scratch.file("source"))
  }

  private var sha256: Digest { SHA256.digest(of: content) }
  private var sources: [TransferSource] {
    get throws { [TransferSource(try Address(scratch.file("source")))] }
  }

  private func fetch() throws -> CachedBlob {
    let md5 = try FileDigests(ofFile: scratch.file("source")).md5
    return try cache.fetch(WantedFile(name: "weights.pth", md5: md5), from: sources)
  }

  /// Writes to a blob as only somebody with intent can.
  private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try TestFiles.write(bytes, to: path)
  }

  @Test func `a file accepted by MD5 is known by SHA-256 afterwards`() throws {
    let blob = try fetch()
    #expect(blob.path == cache.path(of: sha256))
    #expect(try TestFiles.bytes(blob.path) == content)
    #expect(blob.record.name == "weights.pth" && blob.record.sha256 == sha256)
    #expect(blob.record.source == scratch.file("source"))
    let found = try #require(try cache.blob(sha256: sha256))
    #expect(found.record == blob.record)
    #expect(try cache.blob(WantedFile(name: "x", md5: blob.record.md5))?.path == blob.path)
  }

  @Test func `who may not read a file may not read its copy in the cache`() throws {
    let source = scratch.file("source")
    for (mode, kept) in [(0o600, 0o400), (0o640, 0o440), (0o664, 0o444)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: source)
      let blob = try cache.keep(file: source, name: "weights.pth", source: source)
      let found = try FileManager.default.attributesOfItem(atPath: blob.path)[.posixPermissions]
      #expect(found as? Int == kept)
      cache.remove(blob.record.sha256)
    }
  }

  @Test func `what is here is not fetched again`() throws {
    let first = try fetch()
    try FileManager.default.removeItem(atPath: scratch.file("source"))
    let wanted = WantedFile(name: "other name", sha256: sha256)
    #expect(try cache.fetch(wanted, from: []).path == first.path)
  }

  @Test func `a changed blob is found out, and replaced by the next fetch`() throws {
    let blob = try fetch()
    try overwrite(blob.path, content.reversed())
    #expect { try cache.blob(sha256: sha256) } throws: {
      ($0 as? CacheFailure)?.code == .damaged
    }
    let again = try cache.fetch(WantedFile(name: "weights.pth", sha256: sha256), from: sources)
    #expect(try TestFiles.bytes(again.path) == content)
  }

  @Test func `a touched blob is read again, an untouched one is not`() throws {
    let blob = try fetch()
    let before = try #require(try cache.blob(sha256: sha256)).record
    #expect(before == blob.record)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: blob.path)
    let after = try #require(try cache.blob(sha256: sha256)).record
    #expect(after.stamp.modified == 1 && after.name == "weights.pth")
  }

  @Test func `verify reads every blob, whatever the records say`() throws {
    let blob = try fetch()
    #expect(try cache.verify().map { $0.failure == nil } == [true])
    let stamp = try FileManager.default.attributesOfItem(atPath: blob.path)[.modificationDate]
    try overwrite(blob.path, content.reversed())
    try FileManager.default.setAttributes(
      [.modificationDate: try #require(stamp as? Date)], ofItemAtPath: blob.path)
    let failures = try cache.verify().compactMap(\.failure)
    #expect(failures.map(\.name) == ["damaged-blob"])
  }

  @Test func `prune removes remains, and blobs on request`() throws {
    let blob = try fetch()
    try TestFiles.write([1], to: cache.records + "/" + String(repeating: "0", count: 64) + ".json")
    #expect(try cache.prune(.remains, isDryRun: true).count == 1)
    #expect(try cache.prune(.remains).count == 1)
    #expect(try cache.prune(.remains).isEmpty)
    #expect(Files.exists(blob.path))
    #expect(try cache.prune(.blobs([sha256])).map(\.path).contains(blob.path))
    #expect(try cache.contents().blobs.isEmpty && cache.blob(sha256: sha256) == nil)
  }

  @Test func `a blob without a record is unknown until it is checked`() throws {
    _ = try fetch()
    Files.remove(cache.recordPath(of: sha256))
    #expect(try cache.contents().unknown == [sha256])
    _ = try cache.blob(sha256: sha256)
    #expect(try cache.contents().unknown.isEmpty)
  }

  @Test func `digits name one blob`() throws {
    _ = try fetch()
    #expect(try cache.digest(beginning: String(sha256.hex.prefix(6))) == sha256)
    for digits in ["", String(sha256.hex.prefix(5)), "zzzzzz"] {
      #expect(throws: CacheFailure.self) { try cache.digest(beginning: digits) }
    }
  }

  @Test func `the folder is where the variables say`() throws {
    func root(_ variables: [String: String]) throws -> String {
      try Cache(environment: { variables[$0] }).root
    }
    #expect(try root(["QKZOO_HOME": "/q", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/q")
    #expect(try root(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/qkzoo")
    #expect(try root(["XDG_CACHE_HOME": "relative", "HOME": "/h"]) == "/h/.cache/qkzoo")
    #expect(throws: CacheFailure.self) { try root([:]) }
  }
}
