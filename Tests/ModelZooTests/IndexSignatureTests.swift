import BlobCache
import Digests
import FileAccess
import Foundation
import ModelZoo
import Signatures
import TestSupport
import Testing

/// The signature of a zoo's index.
@Suite struct IndexSignatureTests {
  private static let key = SigningKey.random()

  /// A zoo of two entries with a list of labels.
  private static func zoo() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let files = ["entries/qkformer-digits", "entries/qkformer-mnist5k", "labels"]
    for name in files {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: true)
    }
    for name in files.dropLast().map({ $0 + "/entry.json" }) + ["labels/digits.json"] {
      try TestFiles.write(
        TestFiles.bytes(TestFiles.package + "/zoo/" + name), to: folder.file(name))
    }
    return folder
  }

  private static func bundle(_ folder: String, _ key: SigningKey = key) throws -> SignatureBundle {
    try SignatureBundle(signing: ZooIndex.source(in: folder).statement(), with: key)
  }

  private static func state(
    _ source: ZooSource, _ bundle: SignatureBundle?, _ key: SigningKey = key
  ) throws -> IndexSignature {
    try source.signature(bundle, of: key.verifyingKey)
  }

  @Test func `a folder's signature covers every entry and every list of labels`() throws {
    let folder = try Self.zoo()
    let bundle = try Self.bundle(folder.path)
    #expect(
      try bundle.statement(signedBy: Self.key.verifyingKey).files.map(\.name) == [
        "entries/qkformer-digits/entry.json", "entries/qkformer-mnist5k/entry.json",
        "labels/digits.json",
      ])
    #expect(try Self.state(ZooSource(folder: folder.path), bundle) == .holds)
    #expect(try Self.state(ZooSource(folder: folder.path), nil) == .none)
  }

  @Test func `an entry that changed, came or went makes it stale`() throws {
    func stale(_ change: (ScratchFolder) throws -> Void) throws -> [String] {
      let folder = try Self.zoo()
      let bundle = try Self.bundle(folder.path)
      try change(folder)
      guard case .stale(let findings) = try Self.state(ZooSource(folder: folder.path), bundle)
      else {
        return []
      }
      return findings.map(\.name)
    }
    let entry = "entries/qkformer-digits/entry.json"
    #expect(
      try stale { folder in
        try TestFiles.write(TestFiles.bytes(folder.file(entry)) + [10], to: folder.file(entry))
      } == ["signed-file-changed"])
    #expect(
      try stale { try TestFiles.write(Array("[]".utf8), to: $0.file("labels/none.json")) }
        == ["signed-file-unlisted"])
    #expect(
      try stale { folder in
        try FileManager.default.removeItem(atPath: folder.file("entries/qkformer-mnist5k"))
      } == ["signed-file-missing"])
  }

  @Test func `another key and the signature of something else are refused`() throws {
    let folder = try Self.zoo()
    let source = try ZooSource(folder: folder.path)
    #expect(throws: SignatureFailure.self) {
      try Self.state(source, Self.bundle(folder.path), SigningKey.random())
    }
    let model = SignedStatement(subject: "model", files: source.files, claims: SignedClaims())
    #expect {
      try Self.state(source, SignatureBundle(signing: model, with: Self.key))
    } throws: { error in
      (error as? SignatureFailure)?.code == .statement
    }
  }

  @Test func `a mirror is signed as one file, and another mirror has another signature`() throws {
    let (folder, tree) = (try Self.zoo(), try ScratchFolder())
    let zoo = LocalZoo(index: try .directory(folder.path)) { Cache(root: tree.file("cache")) }
    let target = tree.file("mirror")
    _ = try Mirror.write(zoo.index.entries, of: zoo, to: target, signedBy: Self.key)
    let (path, signature) = (target + "/index.json", target + "/index.json.sig")
    let source = try ZooIndex.source(in: target)
    #expect(source.files.map(\.name) == ["."])
    #expect(try Self.state(source, SignatureBundle(file: signature)) == .holds)
    var text = try TestFiles.bytes(path)
    text.insert(0x20, at: 1)
    guard
      case .stale(let findings) = try Self.state(
        ZooSource(index: text, at: path), SignatureBundle(file: signature))
    else {
      Issue.record("a changed index holds")
      return
    }
    #expect(findings.map(\.name) == ["signed-file-changed"])
    _ = try Mirror.write(zoo.index.entries, of: zoo, to: target)
    #expect(!Files.exists(signature), "a signature of another index is not left there")
  }

  @Test func `the project's key is in the program, in the folder and in the README`() throws {
    let pem = try TestFiles.bytes(TestFiles.package + "/zoo/index.pub.pem")
    let key = try ZooIndex.publicKey()
    #expect(Array(key.pem.utf8) == pem)
    let readme = String(
      decoding: try TestFiles.bytes(TestFiles.package + "/README.md"), as: UTF8.self)
    #expect(readme.contains(key.pem) && readme.contains(key.fingerprint.hex))
    let bundle = try SignatureBundle(file: TestFiles.package + "/zoo/index.sig")
    #expect(try bundle.statement(signedBy: key).claims?.index == ZooIndex.schema)
  }
}
