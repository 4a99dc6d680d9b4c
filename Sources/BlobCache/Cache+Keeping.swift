public import Digests
import FileAccess

extension Cache {
  /// Puts some bytes into the cache.
  ///
  /// - Throws: `FileFailure`.
  public func keep(_ bytes: [UInt8], name: String, source: String) throws -> CachedBlob {
    try keep(name: name, source: source) { try AtomicFile.replace($0, with: bytes) }
  }

  /// Puts a copy of a file of this machine into the cache.
  ///
  /// - Throws: `FileFailure`.
  public func keep(file path: String, name: String, source: String) throws -> CachedBlob {
    try keep(name: name, source: source) { try Files.copy(path, to: $0) }
  }

  /// Puts what `write` leaves at the path it is given into the cache.
  ///
  /// - Throws: `FileFailure`, and what `write` throws; then nothing is left behind. Neither is it
  ///   by a signal, where the executable asked for that (`Temporaries`).
  public func keep(
    name: String, source: String, write: (String) throws -> Void
  ) throws -> CachedBlob {
    try prepare()
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    let temporary = Files.join(incoming, "made-\(suffix)")
    let entry = Temporaries.Entry(temporary)
    defer { withExtendedLifetime(entry) { Files.remove(temporary) } }
    try write(temporary)
    let digests = try FileDigests(ofFile: temporary)
    try Files.makeReadOnly(temporary)
    try Files.rename(temporary, to: path(of: digests.sha256))
    try Files.synchronizeDirectory(blobs)
    return try enter(digests.sha256, name: name, source: source, md5: digests.md5)
  }

  /// Removes a blob and what is known of it; that it is not here is no error.
  public func remove(_ sha256: Digest) {
    Files.remove(path(of: sha256))
    Files.remove(recordPath(of: sha256))
  }
}
