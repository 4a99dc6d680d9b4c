import CZooIndex
import Digests

/// What of the zoo was compiled in.
enum CompiledZoo {
  /// The entries and labels, as JSON.
  static var index: [UInt8] {
    // SAFETY: a constant of the program with this address and size.
    unsafe Array(UnsafeBufferPointer(start: qkz_zoo_index_bytes(), count: qkz_zoo_index_size()))
  }

  /// The public key of the zoo's signatures, as PEM text.
  static var publicKey: [UInt8] {
    // SAFETY: a constant of the program with this address and size.
    unsafe Array(UnsafeBufferPointer(start: qkz_zoo_key_bytes(), count: qkz_zoo_key_size()))
  }

  /// The bytes of a file that is part of this software, by its SHA-256.
  static func file(_ digest: Digest) -> [UInt8]? {
    // SAFETY: constants of the program; every element has digits that end in zero, and its size.
    let files = unsafe UnsafeBufferPointer(start: qkz_zoo_files(), count: qkz_zoo_file_count())
    let name = digest.hex
    guard let file = unsafe files.first(where: { unsafe String(cString: $0.sha256) == name }) else {
      return nil
    }
    return unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.size))
  }
}
