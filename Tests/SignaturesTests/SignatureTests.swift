import CanonicalJSON
import Diagnostics
import Digests
import FileAccess
import Foundation
import Signatures
import TestSupport
import Testing

/// Bundles, what they say, and what is there.
@Suite struct SignatureTests {
  private static let key = SigningKey.random()

  private static func statement(_ files: [SignedFile]? = nil) -> SignedStatement {
    SignedStatement(
      subject: "a model", files: files ?? [file("a/x", 1), file("b", 2)],
      claims: SignedClaims(formatVersion: "1.0", modelID: digest(3), weightsID: digest(4)))
  }

  private static func file(_ name: String, _ number: UInt8) -> SignedFile {
    SignedFile(name: name, digest: digest(number))
  }

  private static func digest(_ number: UInt8) -> Digest { SHA256.digest(of: [number]) }

  /// The name of what a body is refused with.
  private static func failure(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? any Diagnosable)?.name
    }
  }

  @Test func `a bundle comes back from its text and gives its statement`() throws {
    let bundle = try SignatureBundle(signing: Self.statement(), with: Self.key)
    let again = try SignatureBundle(bytes: bundle.json.canonicalBytes, at: "bundle")
    #expect(again.hint == Self.key.verifyingKey.fingerprint.hex)
    #expect(try again.statement(signedBy: Self.key.verifyingKey) == Self.statement())
  }

  @Test func `a signature that could not be read is not made`() throws {
    let files = (0..<60_000).map { Self.file("folder/\($0)", 1) }
    let found = Self.failure {
      _ = try SignatureBundle(signing: Self.statement(files), with: Self.key)
    }
    #expect(found == "file-too-large")
  }

  @Test func `another key is refused by its name, and by its signature if it hides`() throws {
    let bundle = try SignatureBundle(signing: Self.statement(), with: Self.key)
    let other = SigningKey.random().verifyingKey
    #expect(Self.failure { _ = try bundle.statement(signedBy: other) } == "signature-key")
    for hint in ["", other.fingerprint.hex] {
      let hidden = bundle.json.replacing(
        ["verificationMaterial", "publicKey", "hint"], .string(hint))
      let again = try SignatureBundle(bytes: hidden.canonicalBytes, at: "bundle")
      #expect(Self.failure { _ = try again.statement(signedBy: other) } == "signature-invalid")
    }
  }

  // MARK: - The bundle

  /// Where a bundle is changed, to what, and how that is refused.
  private static let changes: [(path: [String], value: JSON?, name: String)] = [
    (["mediaType"], "application/vnd.dev.sigstore.bundle+json;version=0.3", "signature-media-type"),
    (["mediaType"], "application/vnd.dev.sigstore.bundle.v0.2+json", "signature-media-type"),
    (["mediaType"], nil, "signature-bundle"),
    (["mediaType"], .integer(3), "signature-bundle"),
    (["comment"], "more", "signature-bundle"),
    (["verificationMaterial"], nil, "signature-bundle"),
    (["verificationMaterial", "publicKey"], nil, "signature-bundle"),
    (["verificationMaterial", "publicKey", "hint"], "my key", "signature-bundle"),
    (["verificationMaterial", "certificate"], ["rawBytes": ""], "signature-bundle"),
    (["verificationMaterial", "tlogEntries"], [["logIndex": "1"]], "signature-bundle"),
    (["verificationMaterial", "tlogEntries"], "", "signature-bundle"),
    (["verificationMaterial", "tlogEntries"], .integer(0), "signature-bundle"),
    (["verificationMaterial", "tlogEntries"], [:], "signature-bundle"),
    (["verificationMaterial", "tlogEntries"], false, "signature-bundle"),
    (["verificationMaterial"], [], "signature-bundle"),
    (["verificationMaterial", "publicKey"], "", "signature-bundle"),
    (["verificationMaterial", "publicKey", "hint"], .integer(1), "signature-bundle"),
    (["verificationMaterial", "publicKey", "hint"], nil, "signature-bundle"),
    (["verificationMaterial", "publicKey"], ["rawBytes": "A"], "signature-bundle"),
    (["verificationMaterial", "publicKey"], ["rawBytes": [.integer(1)]], "signature-bundle"),
    (["verificationMaterial", "publicKey"], ["rawBytes": "AAAA"], "key-file"),
    (
      ["verificationMaterial", "publicKey"],
      [
        "rawBytes": .string(Base64.text(Array(key.verifyingKey.pem.utf8))),
        "keyDetails": .integer(1),
      ],
      "signature-bundle"
    ),
    (["dsseEnvelope"], "", "signature-bundle"),
    (["dsseEnvelope", "payloadType"], .integer(1), "signature-bundle"),
    (["dsseEnvelope", "payload"], [.integer(1)], "signature-bundle"),
    (["dsseEnvelope", "signatures"], ["AAAA"], "signature-bundle"),
    (["dsseEnvelope", "signatures"], ["sig": "AAAA"], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": .integer(1)]], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "AAAA", "keyid": .integer(1)]], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "AAAA", "keyid": []]], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "AAAA", "keyid": false]], "signature-bundle"),
    (["dsseEnvelope", "payload"], "AAA", "signature-bundle"),
    (["dsseEnvelope", "payloadType"], "application/json", "signature-payload-type"),
    (["dsseEnvelope", "signatures"], [], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "AAAA"], ["sig": "AAAA"]], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "A A="]], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "AAAA", "keyid": "1"]], "signature-bundle"),
    (["dsseEnvelope", "signatures"], [["sig": "AAAA"]], "signature-invalid"),
    (["dsseEnvelope", "payload"], "e30=", "signature-invalid"),
  ]

  @Test(arguments: changes.indices)
  func `a changed bundle is refused by name`(_ index: Int) throws {
    let (path, value, name) = Self.changes[index]
    let bundle = try SignatureBundle(signing: Self.statement(), with: Self.key)
    let changed = bundle.json.replacing(path, value)
    let found = Self.failure {
      _ = try SignatureBundle(bytes: changed.canonicalBytes, at: "bundle")
        .statement(signedBy: Self.key.verifyingKey)
    }
    #expect(found == name)
  }

  @Test func `a bundle without the members that may be missing is accepted`() throws {
    let bundle = try SignatureBundle(signing: Self.statement(), with: Self.key)
    let signature = try #require(
      bundle.json["dsseEnvelope"]?["signatures"]?.array?.first?["sig"])
    for keyID: JSON? in [nil, .null, ""] {
      var signature: [String: JSON] = ["sig": sig]
      signature["keyid"] = keyID
      let json = bundle.json.replacing(["dsseEnvelope", "signatures"], [.object(signature)])
      _ = try SignatureBundle(bytes: json.canonicalBytes, at: "bundle")
    }
    let less = bundle.json.replacing(["verificationMaterial", "tlogEntries"], nil)
      .replacing(["dsseEnvelope", "signatures"], [["sig": signature]])
    let again = try SignatureBundle(bytes: less.canonicalBytes, at: "bundle")
    #expect(try again.statement(signedBy: Self.key.verifyingKey) == Self.statement())
  }

  @Test func `a bundle that holds its key says so of that key only`() throws {
    let bundle = try SignatureBundle(signing: Self.statement(), with: Self.key)
    func holding(_ key: VerifyingKey) throws -> SignatureBundle {
      let raw = JSON.string(Base64.text(Array(key.pem.utf8)))
      let json = bundle.json.replacing(["verificationMaterial", "publicKey"], ["rawBytes": raw])
      return try SignatureBundle(bytes: json.canonicalBytes, at: "bundle")
    }
    let own = Self.key.verifyingKey
    #expect(try holding(own).statement(signedBy: own) == Self.statement())
    let other = SigningKey.random().verifyingKey
    #expect(Self.failure { _ = try holding(own).statement(signedBy: other) } == "signature-key")
    // Who signed is told by the key that the user names, never by the bundle's.
    #expect(
      Self.failure { _ = try holding(other).statement(signedBy: other) } == "signature-invalid")
  }

  @Test func `every flipped bit of the signed bytes is noticed`() throws {
    let bundle = try SignatureBundle(signing: Self.statement(), with: Self.key)
    let text = try #require(bundle.json["dsseEnvelope"]?["payload"]?.string)
    var payload = try #require(Base64.bytes(text))
    for index in payload.indices {
      payload[index] ^= 1
      let changed = bundle.json.replacing(
        ["dsseEnvelope", "payload"], .string(Base64.text(payload)))
      payload[index] ^= 1
      let again = try SignatureBundle(bytes: changed.canonicalBytes, at: "bundle")
      #expect(
        Self.failure { _ = try again.statement(signedBy: Self.key.verifyingKey) }
          == "signature-invalid")
    }
  }

  // MARK: - The statement

  /// Where a statement is changed before it is signed, to what, and how that is refused.
  private static let lies: [(path: [String], value: JSON?, name: String)] = [
    (["_type"], "https://in-toto.io/Statement/v0.1", "signature-statement"),
    (["predicateType"], "https://model_signing/Digests/v0.1", "signature-statement"),
    (["more"], .integer(1), "signature-statement"),
    (["subject"], [], "signature-statement"),
    (["subject"], [["name": "x", "digest": ["sha256": "00"]]], "signature-statement"),
    (
      ["subject"], [["name": "x", "digest": ["sha256": .string(digest(9).hex)]]],
      "signature-root"
    ),
    (["predicate", "resources"], [], "signature-statement"),
    (["predicate", "resources"], [["name": "b"]], "signature-statement"),
    (["predicate", "resources"], [resource("b"), resource("b")], "signature-statement"),
    (["predicate", "resources"], [resource("../b")], "signature-statement"),
    (["predicate", "resources"], [resource("/b")], "signature-statement"),
    (["predicate", "resources"], [resource("a//b")], "signature-statement"),
    (["predicate", "resources"], [resource("")], "signature-statement"),
    (["predicate", "resources"], [resource("b", "sha256-sharded-8")], "signature-method"),
    (["predicate", "resources"], [resource("b")], "signature-root"),
    (["predicate", "serialization", "method"], "shards", "signature-method"),
    (["predicate", "serialization", "hash_type"], "blake2b", "signature-method"),
    (["predicate", "serialization", "allow_symlinks"], true, "signature-method"),
    (["predicate", "serialization", "shard_size"], .integer(8), "signature-method"),
    (["predicate", "serialization", "ignore_paths"], [.integer(1)], "signature-statement"),
    (["predicate", "serialization", "ignore_paths"], "x", "signature-statement"),
    (["predicate", "serialization", "ignore_paths"], .null, "signature-statement"),
    (["predicate", "serialization", "allow_symlinks"], "false", "signature-method"),
    (["predicate", "serialization"], [], "signature-method"),
    (["predicate", "resources"], "x", "signature-statement"),
    (["predicate"], [], "signature-statement"),
    (["subject"], "x", "signature-statement"),
    (["subject"], [["name": .integer(1), "digest": ["sha256": "00"]]], "signature-statement"),
    (["predicate", "qkzoo"], .null, "signature-statement"),
    (["predicate", "qkzoo", "index"], .integer(1), "signature-statement"),
    (["predicate", "qkzoo", "format_version"], .null, "signature-statement"),
    (["predicate", "qkzoo", "schema"], "qkzoo.signature/2", "signature-statement"),
    (["predicate", "qkzoo", "model_id"], "00", "signature-statement"),
    (["predicate", "qkzoo", "weights_id"], .integer(1), "signature-statement"),
    (["predicate", "qkzoo", "more"], .integer(1), "signature-statement"),
  ]

  private static func resource(_ name: String, _ algorithm: String = "sha256") -> JSON {
    [
      "name": .string(name), "algorithm": .string(algorithm), "digest": .string(digest(1).hex),
    ]
  }

  @Test(arguments: lies.indices)
  func `a signed statement that breaks its rules is refused by name`(_ index: Int) throws {
    let (path, value, name) = Self.lies[index]
    let payload = Self.statement().json.replacing(path, value).canonicalBytes
    #expect(Self.failure { _ = try Self.opened(payload) } == name)
  }

  @Test func `what other tools add to a predicate is passed over`() throws {
    var plain = Self.statement()
    plain.claims = nil
    let payload = plain.json.replacing(["predicate", "notes"], ["x": .integer(1)]).canonicalBytes
    #expect(try Self.opened(payload) == plain)
    let more = plain.json["predicate"]?["resources"]?.array?.map { file -> JSON in
      .object(file.object!.merging(["media_type": "x"]) { $1 })
    }
    #expect(
      try Self.opened(
        plain.json.replacing(["predicate", "resources"], .array(more!)).canonicalBytes) == plain)
  }

  /// The statement of a bundle around some bytes, as a signer without scruples makes it.
  private static func opened(_ payload: [UInt8]) throws -> SignedStatement {
    let type = "application/vnd.in-toto+json"
    let signed = Array("DSSEv1 \(type.count) \(type) \(payload.count) ".utf8) + payload
    let template = try SignatureBundle(signing: statement(), with: key).json
    let bundle = template.replacing(["dsseEnvelope", "payload"], .string(Base64.text(payload)))
      .replacing(
        ["dsseEnvelope", "signatures"], [["sig": .string(Base64.text(key.sign(signed)))]])
    return try SignatureBundle(bytes: bundle.canonicalBytes, at: "bundle")
      .statement(signedBy: key.verifyingKey)
  }

  // MARK: - The files

  private static func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    for name in ["a-b", "a", ".git"] {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: true)
    }
    for name in ["a/x", "a-b/x", "c", ".git/config"] {
      try TestFiles.write(Array(name.utf8), to: folder.file(name))
    }
    return folder
  }

  private static func names(_ findings: [SignatureFailure]) -> [String] { findings.map(\.name) }

  @Test func `files are sorted by the parts of their names`() throws {
    let folder = try Self.folder()
    let files = try SignedFile.all(at: folder.path, ignoring: [".git"])
    #expect(files.map(\.name) == ["a/x", "a-b/x", "c"])
    #expect(files[2].digest == SHA256.digest(of: "c"))
    #expect(
      try SignedFile.all(at: folder.file("c"))
        == [SignedFile(name: ".", digest: SHA256.digest(of: "c"))])
  }

  @Test func `a folder is compared file by file`() throws {
    let folder = try Self.folder()
    let statement = SignedStatement(
      subject: "folder", files: try SignedFile.all(at: folder.path, ignoring: [".git"]))
    func findings(ignoresUnlisted: Bool = false) throws -> [SignatureFailure] {
      try statement.findings(
        at: folder.path, signature: folder.file("model.sig"), ignoresUnlisted: ignoresUnlisted)
    }
    try TestFiles.write([], to: folder.file("model.sig"))
    #expect(try findings().isEmpty)
    try TestFiles.write([1], to: folder.file("a/y"))
    #expect(try Self.names(findings()) == ["signed-file-unlisted"])
    #expect(try findings(ignoresUnlisted: true).isEmpty)
    try TestFiles.write([1], to: folder.file("c"))
    #expect(try Self.names(findings()) == ["signed-file-changed", "signed-file-unlisted"])
    try FileManager.default.removeItem(atPath: folder.file("c"))
    #expect(try Self.names(findings(ignoresUnlisted: true)) == ["signed-file-missing"])
    #expect(try findings().map(\.place).contains(folder.file("c")))
  }

  @Test func `names that Swift takes for the same text are two files`() throws {
    let folder = try ScratchFolder()
    let (one, two) = (folder.file("caf\u{E9}"), folder.file("cafe\u{301}"))
    #expect(one == two)
    try TestFiles.write([1], to: one)
    let statement = SignedStatement(subject: "folder", files: try SignedFile.all(at: folder.path))
    func findings() throws -> [String] {
      try Self.names(statement.findings(at: folder.path, signature: folder.file("model.sig")))
    }
    try TestFiles.write([2], to: two)
    #expect(try findings() == ["signed-file-unlisted"])
    try FileManager.default.removeItem(atPath: one)
    #expect(try findings() == ["signed-file-missing", "signed-file-unlisted"])
  }

  @Test func `a link in a signed folder is refused`() throws {
    let folder = try Self.folder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: "c")
    #expect(Self.failure { _ = try SignedFile.all(at: folder.path) } == "signed-folder-link")
  }
}

extension JSON {
  /// A copy in which a member, named by its path, has another value or none.
  func replacing(_ path: [String], _ value: JSON?) -> JSON {
    guard let first = path.first, var members = object else { return self }
    members[first] =
      path.count == 1
      ? value : (members[first] ?? .object([:])).replacing(Array(path.dropFirst()), value)
    return .object(members)
  }
}
