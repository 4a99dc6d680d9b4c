import Digests
import FileAccess
import Foundation
import TestSupport
import Testing
import Transfer

/// What ended processes left of a file, and what others put in its place.
@Suite struct TakeoverTests {
  private let scratch: ScratchFolder
  private let folder: String
  private let content: [UInt8]
  private let sha256: Digest

  init() throws {
    scratch = try ScratchFolder()
    folder = scratch.file("incoming")
    content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    sha256 = SHA256.digest(of: content)
  }

  @Test func `what an ended process has left is taken over by one only`() throws {
    let partial = try PartialFile.open(
      for: WantedFile(name: "wanted", sha256: sha256), key: "key", in: Self.made(folder))
    try write(content.prefix(1_000_000), at: 0, to: partial)
    try write(content[2_000_000...].prefix(500_000), at: 2_000_000, to: partial)
    partial.version = .init(address: "x", etag: "\"tag\"")
    try partial.save()
    // This process lives, so nobody may take it.
    #expect(try Abandoned.best(key: "key", in: folder) == nil)
    try disown(partial.journal)
    let left = try #require(try Abandoned.best(key: "key", in: folder))
    #expect(left.journal.count == 1_500_000 && left.journal.version?.etag == "\"tag\"")
    #expect(try left.take(as: scratch.file("first")) != nil)
    #expect(try left.take(as: scratch.file("second")) == nil)
  }

  @Test func `a taken-over file is hashed again from its start`() throws {
    let wanted = WantedFile(name: "wanted", sha256: sha256)
    let partial = try PartialFile.open(for: wanted, key: "key", in: Self.made(folder))
    try write(content.prefix(1_000_000), at: 0, to: partial)
    try partial.save()
    try disown(partial.journal)
    let next = try PartialFile.open(for: wanted, key: "key", in: folder)
    #expect(next.prefix == 1_000_000 && !next.isClean)
    try write(content[1_000_000...], at: 1_000_000, to: next)
    #expect(try next.hasher.finish(content.count) == [sha256])
    next.discard()
    #expect(try Files.names(in: folder).isEmpty)
  }

  @Test func `a journal that claims more than the file has is not believed`() throws {
    let wanted = WantedFile(name: "wanted", sha256: sha256)
    let partial = try PartialFile.open(for: wanted, key: "key", in: Self.made(folder))
    try write(content.prefix(1_000_000), at: 0, to: partial)
    try partial.save()
    try partial.file.resize(to: 10)
    try disown(partial.journal)
    #expect(try PartialFile.open(for: wanted, key: "key", in: folder).count == 10)
  }

  // MARK: - What is no file of ours

  /// What can stand in the place of a partial file.
  enum Stand: CaseIterable {
    case hardLink, symbolicLink, danglingLink, pipe, folder, readOnlyFile
  }

  @Test(arguments: Stand.allCases)
  func `nothing is written through what stands in a partial file's place`(_ stand: Stand) throws {
    let wanted = WantedFile(name: "wanted", sha256: sha256)
    let partial = try abandoned(wanted)
    let victim = scratch.file("victim")
    try makeVictim(victim, Array("a file of somebody's".utf8))
    Files.remove(partial.path)
    try put(stand, at: partial.path, victim)
    let next = try PartialFile.open(for: wanted, key: "key", in: folder)
    try write(content.prefix(1000), at: 0, to: next)
    #expect(next.count == 1000)
    #expect(try TestFiles.bytes(victim) == Array("a file of somebody's".utf8))
    #expect(try mode(victim) == 0o644)
    next.discard()
  }

  @Test func `a link that claims more does not hide a good file`() throws {
    let wanted = WantedFile(name: "wanted", sha256: sha256)
    _ = try abandoned(wanted)
    let other = try PartialFile.open(for: wanted, key: "key", in: folder)
    try write(content.prefix(2_000_000), at: 0, to: other)
    try other.save()
    try disown(other.journal)
    let planted = other.path
    Files.remove(planted)
    try FileManager.default.createSymbolicLink(
      atPath: planted, withDestinationPath: scratch.file("victim"))
    #expect(try PartialFile.open(for: wanted, key: "key", in: folder).count == 1_000_000)
  }

  @Test func `a name that was taken by another file is not published`() throws {
    let source = scratch.file("source")
    try TestFiles.write(content, to: source)
    let fetched = try Download(
      WantedFile(name: "wanted", sha256: sha256),
      from: [TransferSource(try Address(path: source))], in: folder
    ).run()
    let victim = scratch.file("victim")
    try makeVictim(victim, [1])
    Files.remove(fetched.path)
    try FileManager.default.createSymbolicLink(
      atPath: fetched.path, withDestinationPath: victim)
    #expect { try fetched.publish(as: scratch.file("final")) } throws: {
      ($0 as? FileFailure)?.code == .changed
    }
    #expect(!Files.exists(scratch.file("final")) && !Files.isLink(scratch.file("final")))
    #expect(try mode(victim) == 0o644)
  }

  private func abandoned(_ wanted: WantedFile) throws -> PartialFile {
    let partial = try PartialFile.open(for: wanted, key: "key", in: Self.made(folder))
    try write(content.prefix(1_000_000), at: 0, to: partial)
    try partial.save()
    try disown(partial.journal)
    return partial
  }

  private func makeVictim(_ path: String, _ bytes: [UInt8]) throws {
    try TestFiles.write(bytes, to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  private func put(_ stand: Stand, at path: String, _ victim: String) throws {
    let files = FileManager.default
    switch stand {
    case .hardLink: try files.linkItem(atPath: victim, toPath: path)
    case .symbolicLink: try files.createSymbolicLink(atPath: path, withDestinationPath: victim)
    case .danglingLink:
      try files.createSymbolicLink(atPath: path, withDestinationPath: victim + "-none")
    case .pipe: #expect(mkfifo(path, 0o600) == 0)
    case .folder: try files.createDirectory(atPath: path, withIntermediateDirectories: false)
    case .readOnlyFile:
      try TestFiles.write([1], to: path)
      try files.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
    }
  }

  /// Makes a journal look as if its process had ended.
  private func disown(_ journal: String) throws {
    let text = String(decoding: try TestFiles.bytes(journal), as: UTF8.self)
    let start = "\"start\":\"\(Owner.current.start)\""
    #expect(text.contains(start))
    let changed = text.replacingOccurrences(of: start, with: "\"start\":\"1\"")
    try TestFiles.write(Array(changed.utf8), to: journal)
  }

  private func write(_ bytes: some Collection<UInt8>, at offset: Int, to file: PartialFile) throws {
    let bytes = Array(bytes)
    try bytes.withUnsafeBytes { try file.write($0.bytes, at: offset) }
  }

  private static func made(_ folder: String) throws -> String {
    try Files.makeDirectories(folder)
    return folder
  }
}
