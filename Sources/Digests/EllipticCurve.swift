/// The curves of keys, and the hash that each signs with.
///
/// Corresponds to FIPS 186-5 and to the key types of the OpenSSF's model signing specification v1.0.
enum EllipticCurve: String, CaseIterable {
  case p256 = "P-256"
  case p384 = "P-384"
  case p521 = "P-521"

  /// What libcrypto calls it in a key.
  var groupNames: [String] {
    switch self {
    case .p256: ["prime256v1", "P-256"]
    case .p384: ["secp384r1", "P-384"]
    case .p521: ["secp521r1", "P-521"]
    }
  }

  /// The bytes of a SubjectPublicKeyInfo that names the curve and holds the point uncompressed.
  var publicKeyCount: Int {
    switch self {
    case .p256: 91
    case .p384: 120
    case .p521: 158
    }
  }
}
