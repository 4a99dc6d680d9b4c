import CCrypto
import Diagnostics

/// A key of libcrypto.
///
/// Corresponds to `EVP_PKEY`.
@safe
final class LibCryptoKey {
  // SAFETY: owned from `init` to `deinit`, handed out only to the wrapped calls.
  private let pointer: OpaquePointer

  /// A new P-256 key.
  init() { unsafe pointer = LibCrypto.EVP_EC_gen("P-256") }

  /// A key from its SubjectPublicKeyInfo; `nil` if the bytes are none.
  init?(publicKey der: [UInt8]) {
    guard let pointer = unsafe LibCrypto.d2i_PUBKEY(der) else { return nil }
    unsafe self.pointer = pointer
  }

  /// A key from its PKCS 8 or SEC 1 bytes; `nil` if they are none.
  init?(privateKey der: [UInt8]) {
    guard let pointer = unsafe LibCrypto.d2i_AutoPrivateKey(der) else { return nil }
    unsafe self.pointer = pointer
  }

  deinit { unsafe LibCrypto.EVP_PKEY_free(pointer) }

  /// The public half as SubjectPublicKeyInfo.
  var publicDER: [UInt8] { unsafe LibCrypto.i2d_PUBKEY(pointer) }

  /// The key as PKCS 8.
  var privateDER: [UInt8] { unsafe LibCrypto.i2d_PKCS8(pointer) }

  /// The curve; refuses other algorithms and curves, and keys that state the curve's parameters instead
  /// of its name or hold the point compressed: in one form only a key has one fingerprint.
  ///
  /// - Throws: `KeyFailure`.
  func curve(among allowed: [EllipticCurve], at place: String) throws -> EllipticCurve {
    let group = unsafe LibCrypto.EVP_PKEY_get_group_name(pointer)
    guard unsafe LibCrypto.EVP_PKEY_is_a(pointer, "EC"), let group,
      let curve = allowed.first(where: { $0.groupNames.contains(group) })
    else {
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      throw KeyFailure(
        .curve, at: place, expected: "a key of the curve \(names)",
        found: group ?? "another algorithm")
    }
    guard publicDER.count == curve.publicKeyCount else {
      throw KeyFailure(
        .file, at: place, expected: "a named curve and an uncompressed point",
        found: "another form of the key")
    }
    return curve
  }

  /// Whether the private half is there and the public half is its own.
  var isWhole: Bool { unsafe LibCrypto.EVP_PKEY_check(pointer) }

  /// A signature over the curve's hash of a message.
  func sign(_ message: [UInt8], on curve: EllipticCurve) -> [UInt8] {
    unsafe LibCrypto.EVP_DigestSign(pointer, of: curve, message)
  }

  /// Whether a signature over the curve's hash of a message is this key's.
  func accepts(_ signature: [UInt8], over message: [UInt8], on curve: EllipticCurve) -> Bool {
    unsafe LibCrypto.EVP_DigestVerify(
      pointer, of: curve, signature: signature, message: message)
  }
}
