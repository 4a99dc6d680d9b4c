import CCrypto
import Concurrency
public import FileAccess

/// The hash functions in use.
public enum HashFunction: Sendable {
  /// SHA-256 (FIPS 180-4): every identity and integrity check of this project.
  case sha256
  /// SHA-1 (RFC 3174): only to recognise files that others published a SHA-1 sum of.
  case sha1
  /// MD5 (RFC 1321): only to recognise files that others published an MD5 sum of.
  case md5

  /// The digest of a file, read once in pieces.
  ///
  /// - Throws: `FileFailure`, also if the file is not the same at the end.
  public func digest(ofFile path: String) throws -> Digest {
    let running = RunningDigest(self)
    try Files.forEachPiece(of: path, running.update)
    return running.finish()
  }

  /// The digest of a region; a mapped file is read once, front to back, and none of it kept in memory.
  public func digest(of file: ByteRegion) -> Digest {
    let running = RunningDigest(self)
    for start in stride(from: 0, to: file.count, by: Self.piece) {
      let piece = file.part(start..<min(start + Self.piece, file.count))
      piece.withBytes { running.update($0) }
      piece.releasePages()
    }
    return running.finish()
  }

  private static let piece = 8 << 20
}

/// A running digest over bytes that arrive in pieces.
///
/// Corresponds to libcrypto's `EVP_MD_CTX`.
@safe
public final class RunningDigest {
  // SAFETY: owned from `init` to `deinit`, handed out only to the wrapped calls.
  private let context: OpaquePointer

  /// Starts an empty digest.
  public init(_ function: HashFunction) {
    unsafe context = LibCrypto.EVP_MD_CTX_new()
    switch function {
    case .sha256: unsafe LibCrypto.EVP_DigestInit_ex(context, LibCrypto.EVP_sha256())
    case .sha1: unsafe LibCrypto.EVP_DigestInit_ex(context, LibCrypto.EVP_sha1())
    case .md5: unsafe LibCrypto.EVP_DigestInit_ex(context, LibCrypto.EVP_md5())
    }
  }

  deinit { unsafe LibCrypto.EVP_MD_CTX_free(context) }

  /// Takes in more bytes.
  public func update(_ bytes: RawSpan) { unsafe LibCrypto.EVP_DigestUpdate(context, bytes) }

  /// Ends the digest; it must not be used afterwards.
  public func finish() -> Digest { Digest(bytes: unsafe LibCrypto.EVP_DigestFinal_ex(context)) }
}

/// The value of a hash function.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
  /// The bytes: 32 of SHA-256, 20 of SHA-1, 16 of MD5.
  public let bytes: [UInt8]

  /// A digest from its bytes.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// A digest from lowercase hexadecimal digits; `nil` for anything else.
  public init?(hex: String) {
    let digits = hex.utf8.compactMap { byte -> UInt8? in
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x61...0x66: byte - 0x61 + 10
      default: nil
      }
    }
    guard digits.count == hex.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// Lowercase hexadecimal digits.
  public var hex: String {
    func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? 0x30 : 0x61 - 10) }
    return unsafe String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
      for (index, byte) in bytes.enumerated() {
        unsafe text[2 * index] = digit(byte >> 4)
        unsafe text[2 * index + 1] = digit(byte & 15)
      }
      return 2 * bytes.count
    }
  }

  /// Lowercase hexadecimal digits.
  public var description: String { hex }
}

/// SHA-256 in one step.
public enum SHA256 {
  /// The digest of some bytes.
  public static func digest(of bytes: RawSpan) -> Digest {
    let running = RunningDigest(.sha256)
    running.update(bytes)
    return running.finish()
  }

  /// The digest of an array.
  public static func digest(of bytes: [UInt8]) -> Digest { digest(of: unsafe bytes.span.bytes) }

  /// The digest of a text's UTF-8.
  public static func digest(of text: String) -> Digest { digest(of: Array(text.utf8)) }

  /// The digest of a region.
  public static func digest(of region: ByteRegion) -> Digest {
    region.withBytes { digest(of: $0) }
  }

  /// The digest of a file, read once in pieces.
  ///
  /// - Throws: `FileFailure`, also if the file is not the same at the end.
  public static func digest(ofFile path: String) throws -> Digest {
    try HashFunction.sha256.digest(ofFile: path)
  }
}

/// What identifies a file as a whole.
public struct FileDigests: Sendable, Equatable {
  /// The size in bytes.
  public let size: Int
  /// The MD5 sum, the only digest that was ever published of the official weights; `nil` if nobody
  /// asked for it.
  public let md5: Digest?
  /// The SHA-256 digest.
  public let sha256: Digest

  /// The digests of a file.
  ///
  /// - Throws: `FileFailure`.
  public init(ofFile path: String) throws {
    try self.init(of: ByteRegion(MappedFile(path: path)))
  }

  /// Computes the digests of a mapped file side by side; MD5 takes longer than all else that a
  /// conversion does, so it is left out unless asked for.
  ///
  /// - Throws: nothing about the content.
  public init(of file: ByteRegion, withMD5: Bool = true) throws {
    let md5 = withMD5 ? Background { HashFunction.md5.digest(of: file) } : nil
    size = file.count
    sha256 = HashFunction.sha256.digest(of: file)
    self.md5 = try md5?.value()
  }
}
