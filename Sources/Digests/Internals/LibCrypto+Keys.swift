import CCrypto

/// The functions for keys and signatures, each wrapped once under its own name.
///
/// Those that take bytes from outside give `nil` or `false` for what they refuse, and leave nothing
/// in libcrypto's queue of errors; the others fail only as described at `LibCrypto`.
extension LibCrypto {
  static func EVP_PKEY_free(_ key: OpaquePointer) { unsafe CCrypto.EVP_PKEY_free(key) }

  static func d2i_PUBKEY(_ der: [UInt8]) -> OpaquePointer? {
    unsafe parsed(der) { next, count in unsafe CCrypto.d2i_PUBKEY(nil, next, count) }
  }

  static func d2i_AutoPrivateKey(_ der: [UInt8]) -> OpaquePointer? {
    unsafe parsed(der) { next, count in unsafe CCrypto.d2i_AutoPrivateKey(nil, next, count) }
  }

  /// The key that all of the bytes are; `nil` for anything else, also for bytes after it.
  private static func parsed(
    _ der: [UInt8],
    _ parse: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
  ) -> OpaquePointer? {
    precondition(isReady, "OPENSSL_init_crypto")
    return unsafe der.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      // SAFETY: libcrypto reads at most `count` bytes and moves `next` by what it took.
      var next: UnsafePointer<UInt8>? = unsafe start
      let key = unsafe parse(&next, buffer.count)
      CCrypto.ERR_clear_error()
      guard let key = unsafe key else { return nil }
      guard unsafe next == start + buffer.count else {
        unsafe EVP_PKEY_free(key)
        return nil
      }
      return unsafe key
    }
  }

  static func i2d_PUBKEY(_ key: OpaquePointer) -> [UInt8] {
    unsafe encoded { next in unsafe CCrypto.i2d_PUBKEY(key, next) }
  }

  /// Corresponds to `EVP_PKEY2PKCS8` and `i2d_PKCS8_PRIV_KEY_INFO`.
  static func i2d_PKCS8(_ key: OpaquePointer) -> [UInt8] {
    guard let information = unsafe CCrypto.EVP_PKEY2PKCS8(key) else { fatalError("EVP_PKEY2PKCS8") }
    defer { unsafe CCrypto.PKCS8_PRIV_KEY_INFO_free(information) }
    return unsafe encoded { next in unsafe CCrypto.i2d_PKCS8_PRIV_KEY_INFO(information, next) }
  }

  private static func encoded(
    _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
  ) -> [UInt8] {
    let count = encode(nil)
    precondition(count > 0, "i2d")
    var bytes = [UInt8](repeating: 0, count: Int(count))
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: the buffer has the size that the first call asked for.
      var next = buffer.baseAddress
      let written = unsafe encode(&next)
      precondition(written == count, "i2d")
    }
    return bytes
  }

  /// Corresponds to libcrypto's macro of that name, by the functions behind it.
  static func EVP_EC_gen(_ curve: String) -> OpaquePointer {
    precondition(isReady, "OPENSSL_init_crypto")
    guard let context = unsafe CCrypto.EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else {
      fatalError("EVP_PKEY_CTX_new_from_name")
    }
    defer { unsafe CCrypto.EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard unsafe CCrypto.EVP_PKEY_keygen_init(context) == 1,
      unsafe CCrypto.EVP_PKEY_CTX_set_group_name(context, curve) == 1,
      unsafe CCrypto.EVP_PKEY_generate(context, &key) == 1, let key = unsafe key
    else { fatalError("EVP_PKEY_generate") }
    return unsafe key
  }

  static func EVP_PKEY_is_a(_ key: OpaquePointer, _ algorithm: String) -> Bool {
    unsafe CCrypto.EVP_PKEY_is_a(key, algorithm) == 1
  }

  /// `nil` for a key without a named curve.
  static func EVP_PKEY_get_group_name(_ key: OpaquePointer) -> String? {
    var name = [CChar](repeating: 0, count: 80)
    var count = 0
    let result = unsafe CCrypto.EVP_PKEY_get_group_name(key, &name, name.count, &count)
    CCrypto.ERR_clear_error()
    guard result == 1, count < name.count else { return nil }
    return String(decoding: name.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether both halves are there, in range, and of one another.
  static func EVP_PKEY_check(_ key: OpaquePointer) -> Bool {
    guard let context = unsafe CCrypto.EVP_PKEY_CTX_new(key, nil) else {
      fatalError("EVP_PKEY_CTX_new")
    }
    defer { unsafe CCrypto.EVP_PKEY_CTX_free(context) }
    let result = unsafe CCrypto.EVP_PKEY_check(context)
    CCrypto.ERR_clear_error()
    return result == 1
  }

  /// The hash that FIPS 186-5 pairs with a curve.
  private static func hash(of curve: EllipticCurve) -> OpaquePointer? {
    switch curve {
    case .p256: unsafe EVP_sha256()
    case .p384: unsafe EVP_sha384()
    case .p521: unsafe EVP_sha512()
    }
  }

  static func EVP_DigestSign(
    _ key: OpaquePointer, of curve: EllipticCurve, _ message: [UInt8]
  ) -> [UInt8] {
    let context = unsafe EVP_MD_CTX_new()
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe CCrypto.EVP_DigestSignInit(context, nil, hash(of: curve), nil, key) == 1 else {
      fatalError("EVP_DigestSignInit")
    }
    var count = 0
    precondition(
      unsafe CCrypto.EVP_DigestSign(context, nil, &count, message, message.count) == 1,
      "EVP_DigestSign")
    var signature = [UInt8](repeating: 0, count: count)
    precondition(
      unsafe CCrypto.EVP_DigestSign(context, &signature, &count, message, message.count) == 1,
      "EVP_DigestSign")
    return Array(signature.prefix(count))
  }

  static func EVP_DigestVerify(
    _ key: OpaquePointer, of curve: EllipticCurve, signature: [UInt8], message: [UInt8]
  ) -> Bool {
    let context = unsafe EVP_MD_CTX_new()
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe CCrypto.EVP_DigestVerifyInit(context, nil, hash(of: curve), nil, key) == 1 else {
      fatalError("EVP_DigestVerifyInit")
    }
    let result = unsafe CCrypto.EVP_DigestVerify(
      context, signature, signature.count, message, message.count)
    CCrypto.ERR_clear_error()
    return result == 1
  }
}
