import Diagnostics
import Digests
import FileAccess
import Signatures
import TestSupport
import Testing

/// Bundles of the specification and of four releases of its reference implementation, all of one
/// P-384 key: `Tests/Vectors/model-signing`.
@Suite struct ConformanceTests {
  private static func path(_ name: String) -> String {
    TestFiles.path("Vectors/model-signing/\(name)")
  }

  private static func key() throws -> VerifyingKey { try VerifyingKey(file: path("key.pem")) }

  private static func statement(_ name: String) throws -> SignedStatement {
    try SignatureBundle(file: path(name)).statement(signedBy: key())
  }

  @Test(arguments: ["v0.3.1.sig", "v1.0.0.sig"])
  func `a file signed before 1.1, with the key in the bundle, is accepted`(_ name: String) throws {
    let statement = try Self.statement(name)
    #expect(statement.subject == "signme-1" && statement.files.map(\.name) == ["."])
    #expect(statement.ignored == SignedStatement.ignoredByHabit)
    let file = Self.path("signme-1")
    #expect(try statement.findings(at: file, signature: Self.path(name)).isEmpty)
    let other = try statement.findings(at: Self.path("signme-2"), signature: Self.path(name))
    #expect(other.map(\.name) == ["signed-file-changed"])
  }

  @Test(arguments: ["v1.0.1.sig", "v1.1.0.sig", "specification.sig"])
  func `a signed folder is accepted`(_ name: String) throws {
    let statement = try Self.statement(name)
    let files = try SignedFile.named(["signme-1", "signme-2"], below: Self.path(""))
    #expect(statement.files == files && statement.findings(files, at: "folder").isEmpty)
  }

  @Test(arguments: [
    ("empty", "json-syntax"), ("missing-envelope", "signature-bundle"),
    ("missing-verification-material", "signature-bundle"),
    ("missing-tlog-entries", "signature-bundle"), ("certificate", "signature-bundle"),
    // Its signature is over another payload.
    ("wrong-predicate", "signature-invalid"),
  ])
  func `what must be refused, or is signed in another way, is`(_ name: String, _ code: String) {
    #expect {
      _ = try Self.statement("refused-\(name).sig")
    } throws: {
      ($0 as? any Diagnosable)?.name == code
    }
  }

  @Test func `a single file may be called by its name`() throws {
    let key = SigningKey.random()
    let path = Self.path("signme-1")
    let digest = try SHA256.digest(ofFile: path)
    let named = SignedStatement(
      subject: "x", files: [SignedFile(name: "signme-1", digest: digest)])
    let bundle = try SignatureBundle(signing: named, with: key)
    let statement = try bundle.statement(signedBy: key.verifyingKey)
    #expect(try statement.findings(at: path, signature: "").isEmpty)
    #expect(
      try statement.findings(at: Self.path("signme-2"), signature: "").map(\.name)
        == ["signed-file-missing", "signed-file-unlisted"])
  }
}
