import Diagnostics
import FileAccess

/// The public half of a P-256, P-384 or P-521 key: tells whether a signature is the private half's.
///
/// Corresponds to ECDSA with SHA-256, SHA-384 or SHA-512 (FIPS 186-5), libcrypto's `EVP_DigestVerify`.
public struct VerifyingKey: Sendable, Equatable {
  /// The most bytes of a key's file that are read.
  static let sizeLimit = 1 << 16

  private let der: [UInt8]
  private let curve: EllipticCurve

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
    try self.init(der: block.bytes, at: place)
  }

  /// Reads a SubjectPublicKeyInfo; `place` names it in errors.
  ///
  /// - Throws: `KeyFailure`.
  public init(der: [UInt8], at place: String) throws {
    guard let key = LibCryptoKey(publicKey: der) else {
      throw KeyFailure(
        .file, at: place, expected: "a public key as SubjectPublicKeyInfo", found: "other bytes")
    }
    curve = try key.curve(among: EllipticCurve.allCases, at: place)
    guard key.publicDER == der else {
      throw KeyFailure(
        .file, at: place, expected: "a key in DER, byte for byte", found: "another encoding of it")
    }
    self.der = der
  }

  /// Reads a public key's file.
  ///
  /// - Throws: `KeyFailure`, `FileFailure`.
  public init(file path: String) throws {
    try self.init(pem: try Files.read(path, limit: Self.sizeLimit), at: path)
  }

  init(of key: LibCryptoKey, on curve: EllipticCurve) {
    der = key.publicDER
    self.curve = curve
  }

  /// The text of the key, as OpenSSL writes it.
  public var pem: String { PEMBlock(label: "PUBLIC KEY", bytes: der).text }

  /// What names the key: the SHA-256 of its text.
  public var fingerprint: Digest { SHA256.digest(of: pem) }

  /// Whether a DER-encoded signature over a message is this key's.
  public func accepts(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    LibCryptoKey(publicKey: der)?.accepts(signature, over: message, on: curve) ?? false
  }
}
