import Diagnostics
import FileAccess

/// A P-256 key that can sign.
///
/// Signatures of the same message differ: ECDSA takes a random number for each.
///
/// Corresponds to ECDSA with SHA-256 over NIST P-256 (FIPS 186-5), libcrypto's `EVP_DigestSign`.
public struct SigningKey: Sendable {
  private let der: [UInt8]
  /// The public half.
  public let verifyingKey: VerifyingKey

  /// A new key.
  public static func random() -> SigningKey { SigningKey(LibCryptoKey()) }

  private init(_ key: LibCryptoKey) {
    der = key.privateDER
    verifyingKey = VerifyingKey(of: key, on: .p256)
  }

  /// Reads a private key, `PRIVATE KEY` (PKCS 8) or `EC PRIVATE KEY` (SEC 1); `place` names it in
  /// errors.
  ///
  /// - Throws: `KeyFailure`.
  public init(pem: [UInt8], at place: String) throws {
    let block = try PEMBlock.key(in: pem, at: place)
    guard ["PRIVATE KEY", "EC PRIVATE KEY"].contains(block.label) else {
      let isPublic = block.label == "PUBLIC KEY"
      let isOther = block.label.hasSuffix("PRIVATE KEY")
      throw KeyFailure(
        isPublic ? .role : isOther ? .curve : .file, at: place,
        expected: "a private key of the curve P-256, `PRIVATE KEY` or `EC PRIVATE KEY`",
        found: "`\(block.label)`")
    }
    guard let key = LibCryptoKey(privateKey: block.bytes) else {
      throw KeyFailure(.file, at: place, expected: "a private key", found: "other bytes")
    }
    _ = try key.curve(among: [.p256], at: place)
    guard key.isWhole else {
      throw KeyFailure(
        .file, at: place, expected: "two halves of one key",
        found: "a public half that is not the private one's")
    }
    self.init(key)
  }

  /// Reads a private key's file, which nobody but its owner may read or write.
  ///
  /// - Throws: `KeyFailure`, `FileFailure`.
  public init(file path: String) throws {
    let bytes = try Files.read(path, limit: VerifyingKey.sizeLimit)
    try self.init(pem: bytes, at: path)
    guard try !Files.isOpenToOthers(path) else {
      throw KeyFailure(
        .exposed, at: path, expected: "a private key that only its owner can read",
        found: "one that its group or everybody can use; chmod 600, and think who may have it")
    }
  }

  /// The text of the key, not encrypted, as OpenSSL writes it.
  public var pem: String { PEMBlock(label: "PRIVATE KEY", bytes: der).text }

  /// A DER-encoded signature over a message.
  public func sign(_ message: [UInt8]) -> [UInt8] {
    guard let key = LibCryptoKey(privateKey: der) else { preconditionFailure("a key's own bytes") }
    return key.sign(message, on: .p256)
  }
}
