import Diagnostics
import Digests
import FileAccess
import Foundation
import TestSupport
import Testing

import Transfer

/// Files of this machine, and what is left of an ended transfer. Servers are in `Tests/Peers`.
@Suite struct DownloadTests {
  private let scratch: ScratchFolder
  private let content: [UInt8]
  private let source: TransferSource

  init() throws {
    scratch = try ScratchFolder()
    var random = RepeatableRandom(seed: 7)
    content = (0..<3_000_001).map { _ in UInt8.random(in: 0...255, using: &random) }
    try TestFiles.write(content, to: scratch.file("source"))
    source = TransferSource(try Address(scratch.file("source")))
  }

  private var folder: String { scratch.file("incoming") }
  private var sha256: Digest { SHA256.digest(of: content) }

  private func download(
    size: Int? = nil, sha256: Digest? = nil, md5: Digest? = nil, _ sources: TransferSource...
  ) -> Download {
    Download(
      WantedFile(name: "wanted", size: size, sha256: sha256, md5: md5),
      from: sources.isEmpty ? [source] : sources, in: folder)
  }

  private func code(_ body: () throws -> Void) -> TransferFailureCode? {
    do { try body() } catch { return (error as? TransferFailure)?.code }
    return nil
  }

  @Test func `a file is copied, hashed and published read-only`() throws {
    let digests = try FileDigests(ofFile: scratch.file("source"))
    var last: TransferProgress?
    let fetched = try download(size: content.count, sha256: digests.sha256, md5: digests.md5)
      .run { last = $0 }
    #expect(fetched.sha256 == digests.sha256 && fetched.md5 == digests.md5)
    #expect(fetched.size == content.count && last?.bytes == content.count)
    try fetched.publish(as: scratch.file("published"))
    #expect(try TestFiles.bytes(scratch.file("published")) == content)
    let mode = try FileManager.default.attributesOfItem(atPath: scratch.file("published"))
    #expect(mode[.posixPermissions] as? Int == 0o444)
    #expect(try Files.names(in: folder).isEmpty)
  }

  @Test func `a wrong size or digest is refused and nothing stays`() throws {
    let wrong = SHA256.digest(of: "something else")
    #expect(code { _ = try download(size: 5).run() } == .size)
    #expect(code { _ = try download(sha256: wrong).run() } == .digest)
    let md5 = Digest(bytes: .init(repeating: 1, count: 16))
    #expect(code { _ = try download(sha256: sha256, md5: md5).run() } == .digest)
    #expect(try Files.names(in: folder).isEmpty)
  }

  @Test func `the next source is asked when one fails`() throws {
    try TestFiles.write(Array(content.dropLast()), to: scratch.file("short"))
    let short = TransferSource(try Address(scratch.file("short")))
    let missing = TransferSource(try Address(scratch.file("missing")))
    let fetched = try download(sha256: sha256, missing, short, source).run()
    #expect(fetched.sha256 == sha256 && fetched.source == source.address)
    fetched.discard()
    #expect(try Files.names(in: folder).isEmpty)
    #expect(code { _ = try download(sha256: sha256, missing, short).run() } == .digest)
  }

  @Test func `an index from elsewhere cannot list what is on this machine`() throws {
    let index = try Address("https://zoo.example/mirror")
    for text in [scratch.file("source"), "http://127.0.0.1:1/a", "https://[::1]:1/a"] {
      let listed = TransferSource(
        try text.hasPrefix("/") ? Address(path: text) : Address(text), listedBy: index)
      #expect(code { _ = try download(listed).run() } == .insecure, "\(text)")
      let fetched = try download(sha256: sha256, listed, source).run()
      #expect(fetched.source == source.address)
      fetched.discard()
    }
    let neighbour = TransferSource(
      source.address, listedBy: try Address("http://localhost:80/mirror"))
    try download(sha256: sha256, neighbour).run().discard()
  }

  @Test func `a missing file is no input`() throws {
    let missing = TransferSource(try Address(scratch.file("missing")))
    #expect { _ = try download(missing).run() } throws: {
      ($0 as? FileFailure)?.code == .notFound
    }
  }

  @Test func `a request to stop ends the transfer and keeps what is here`() throws {
    let cancellation = Cancellation()
    let download = download(sha256: sha256)
    #expect(
      code {
        _ = try download.run(cancellation: cancellation) { step in
          if step.bytes > 0 { cancellation.cancel() }
        }
      } == .interrupted || cancellation.isCancelled)
    #expect(TransferFailureCode.interrupted.kind == .interrupted)
  }

  @Test func `without libcurl a network transfer says so`() throws {
    var options = TransferOptions()
    options.library = "libcurl-of-nowhere.so.4"
    let remote = TransferSource(try Address("https://localhost:1/a"))
    let download = Download(
      WantedFile(name: "wanted"), from: [remote], in: folder, options: options)
    #expect(code { _ = try download.run() } == .library)
    #expect(TransferFailureCode.library.kind == .unavailable)
  }
}
