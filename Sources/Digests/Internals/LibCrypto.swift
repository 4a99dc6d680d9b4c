import CCrypto

/// The functions of libcrypto that this project uses, each wrapped once under its own name.
///
/// They fail only when memory runs out or the library lacks the algorithm; both are fatal.
enum LibCrypto {
  /// Before anything else: the library must not take itself apart when the process ends, because a
  /// thread that nobody waits for may still hash.
  static let isReady =
    CCrypto.OPENSSL_init_crypto(
      UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

  static func EVP_MD_CTX_new() -> OpaquePointer {
    precondition(isReady, "OPENSSL_init_crypto")
    guard let context = unsafe CCrypto.EVP_MD_CTX_new() else { fatalError("EVP_MD_CTX_new") }
    return unsafe context
  }

  static func EVP_MD_CTX_free(_ context: OpaquePointer) {
    unsafe CCrypto.EVP_MD_CTX_free(context)
  }

  static func EVP_DigestInit_ex(_ context: OpaquePointer, _ algorithm: OpaquePointer?) {
    let result = unsafe CCrypto.EVP_DigestInit_ex(context, algorithm, nil)
    precondition(result == 1, "EVP_DigestInit_ex")
  }

  static func EVP_DigestUpdate(_ context: OpaquePointer, _ bytes: RawSpan) {
    let result = unsafe bytes.withUnsafeBytes { buffer in
      // SAFETY: the buffer's own address and length.
      unsafe CCrypto.EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
    }
    precondition(result == 1, "EVP_DigestUpdate")
  }

  static func EVP_DigestFinal_ex(_ context: OpaquePointer) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    let result = unsafe CCrypto.EVP_DigestFinal_ex(context, &digest, &count)
    precondition(result == 1, "EVP_DigestFinal_ex")
    return Array(digest.prefix(Int(count)))
  }

  static func EVP_sha256() -> OpaquePointer? { unsafe CCrypto.EVP_sha256() }
  static func EVP_sha384() -> OpaquePointer? { unsafe CCrypto.EVP_sha384() }
  static func EVP_sha512() -> OpaquePointer? { unsafe CCrypto.EVP_sha512() }
  static func EVP_md5() -> OpaquePointer? { unsafe CCrypto.EVP_md5() }
}
