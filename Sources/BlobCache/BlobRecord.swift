public import CanonicalJSON
public import Digests
public import FileAccess

/// What is known of a blob without reading it.
///
/// Corresponds to a file in the cache's folder `records`.
public struct BlobRecord: Sendable, Equatable {
  /// The value of `schema`.
  public static let schema = "qkzoo.blob/1"

  /// What the file was called.
  public let name: String
  /// The address that it came from, without its query.
  public let source: String
  /// The SHA-256 digest, which is also the blob's name.
  public let sha256: Digest
  /// The MD5 sum, if it was computed.
  public let md5: Digest?
  /// Size and time of the blob when its bytes were last checked.
  public let stamp: FileStamp
  /// When that was, in seconds since 1970.
  public let verified: Int

  /// The size in bytes.
  public var size: Int { stamp.size }

  /// A record of a blob that was checked at some time.
  public init(
    name: String, source: String, sha256: Digest, md5: Digest?, stamp: FileStamp, verified: Int
  ) {
    self.name = name
    self.source = source
    self.sha256 = sha256
    self.md5 = md5
    self.stamp = stamp
    self.verified = verified
  }

  /// The record as it is stored.
  public var json: JSON {
    [
      "schema": .string(Self.schema), "name": .string(name), "source": .string(source),
      "size": .integer(size), "sha256": .string(sha256.hex), "md5": .optional(md5?.hex),
      "verified": .integer(verified), "modified": .integer(stamp.modified),
      "nanoseconds": .integer(stamp.nanoseconds),
    ]
  }

  /// Reads a record; `nil` if it is none, which costs no more than checking the blob again.
  init?(json: JSON) {
    guard json["schema"]?.string == Self.schema, let name = json["name"]?.string,
      let source = json["source"]?.string, let size = json["size"]?.int,
      let sha256 = json["sha256"]?.string.flatMap(Digest.init(hex:)),
      let verified = json["verified"]?.int, let modified = json["modified"]?.int,
      let nanoseconds = json["nanoseconds"]?.int
    else { return nil }
    self.init(
      name: name, source: source, sha256: sha256,
      md5: json["md5"]?.string.flatMap(Digest.init(hex:)),
      stamp: FileStamp(size: size, modified: modified, nanoseconds: nanoseconds),
      verified: verified)
  }
}

/// A file in the cache.
public struct CachedBlob: Sendable {
  /// Where it is; read-only.
  public let path: String
  /// What is known of it.
  public let record: BlobRecord
  /// Whether nothing of its name was here before it was fetched.
  public internal(set) var isNew = false
}
