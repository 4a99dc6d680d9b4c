@testable import Digests
@testable import Signatures

extension FuzzTarget {
  /// A signature: what is accepted is written again as the same value. A statement alone is tried
  /// too, because no change of it would pass base64 and the key.
  static let signature = FuzzTarget(
    name: "signature", totalFactor: 256, seeds: { seedStatements.flatMap(seeds) },
    run: { bytes in
      if let statement = try? SignedStatement(payload: bytes, at: "input") {
        let again = try? SignedStatement(payload: statement.json.canonicalBytes, at: "again")
        require(again == statement, "a statement is read as it was written")
      }
      let bundle = try SignatureBundle(bytes: bytes, at: "input")
      let again = try? SignatureBundle(bytes: bundle.json.canonicalBytes, at: "again")
      require(again?.json == bundle.json, "a bundle is read as it was written")
    })

  /// A key, public or private: what is accepted has one text, and signs what it verifies.
  static let key = FuzzTarget(
    name: "key", totalFactor: 256,
    seeds: { [Array(seedKey.pem.utf8), Array(seedKey.verifyingKey.pem.utf8)] },
    run: { bytes in
      if let key = try? SigningKey(pem: bytes, at: "input") {
        require(key.verifyingKey.accepts(key.sign(bytes), over: bytes), "the halves fit")
      }
      let key = try VerifyingKey(pem: bytes, at: "input")
      let again = try? VerifyingKey(pem: Array(key.pem.utf8), at: "again")
      require(again == key, "a key is read as it was written")
    })

  /// No file of the repository holds a private key.
  private static let seedKey = SigningKey.random()

  private static let seedStatements = [
    SignedStatement(
      subject: "a model", files: [SignedFile(name: "a/x", digest: SHA256.digest(of: [1]))],
      claims: SignedClaims(formatVersion: "1.0", modelID: SHA256.digest(of: [2]))),
    SignedStatement(
      subject: "", files: [SignedFile(name: SignedFile.itself, digest: SHA256.digest(of: []))],
      ignored: [], claims: SignedClaims(index: "qkzoo.zoo/1")),
  ]

  /// A statement by itself, and signed.
  private static func seeds(_ statement: SignedStatement) -> [[UInt8]] {
    let bundle = try? SignatureBundle(signing: statement, with: seedKey)
    return [statement.json.canonicalBytes] + (bundle.map { [$0.json.canonicalBytes] } ?? [])
  }
}
