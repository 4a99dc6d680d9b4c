import Diagnostics
import FileAccess

/// The public half of a P-256 key: tells whether a signature is the private half's.
///
/// Corresponds to ECDSA with SHA-256 over NIST P-256 (FIPS 186-5), libcrypto's `EVP_DigestVerify`.
public struct VerifyingKey: Sendable, Equatable {
  /// The most bytes of a key's file that are read.
  static let sizeLimit = 1 << 16
  /// The bytes of a SubjectPublicKeyInfo that names P-256 and holds the point uncompressed.
  private static let derCount = 91

  private let der: [UInt8]

  /// Reads a public key, `-----BEGIN PUBLIC KEY-----`; `place` names it in errors.
  ///
  /// - Throws: `KeyFailure`.
  public init(pem: [UInt8], at place: String) throws {
    let block = try PEMBlock.key(in: pem, at: place)
    guard block.label == "PUBLIC KEY" else {
      throw KeyFailure(
        block.label.hasSuffix("PRIVATE KEY") ? .role : .file, at: place,
        expected: "a public key, `PUBLIC KEY`", found: "`\(block.label)`")
    }
    guard let key = LibCryptoKey(publicKey: block.bytes) else {
      throw KeyFailure(
        .file, at: place, expected: "a public key as SubjectPublicKeyInfo", found: "other bytes")
    }
    try key.requireP256(at: place)
    guard key.publicDER == block.bytes, block.bytes.count == Self.derCount else {
      throw KeyFailure(
        .file, at: place, expected: "a named curve and an uncompressed point",
        found: "another form of the key")
    }
    der = block.bytes
  }

  /// Reads a public key's file.
  ///
  /// - Throws: `KeyFailure`, `FileFailure`.
  public init(file path: String) throws {
    try self.init(pem: try Files.read(path, limit: Self.sizeLimit), at: path)
  }

  init(of key: LibCryptoKey) { der = key.publicDER }

  /// The text of the key, as OpenSSL writes it.
  public var pem: String { PEMBlock(label: "PUBLIC KEY", bytes: der).text }

  /// What names the key: the SHA-256 of its text.
  public var fingerprint: Digest { SHA256.digest(of: pem) }

  /// Whether a DER-encoded signature over a message is this key's.
  public func accepts(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    LibCryptoKey(publicKey: der)?.accepts(signature, over: message) ?? false
  }
}
