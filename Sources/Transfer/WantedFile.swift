public import Digests

/// A file that is wanted, by what is known of its content.
public struct WantedFile: Sendable, Hashable {
  /// What users call it; only for messages.
  public let name: String
  /// Its size in bytes, if known.
  public let size: Int?
  /// Its SHA-256, if known.
  public let sha256: Digest?
  /// Its MD5 sum, if known.
  public let md5: Digest?

  /// A file by what is known of it; with nothing known, whatever the source sends is taken.
  public init(name: String, size: Int? = nil, sha256: Digest? = nil, md5: Digest? = nil) {
    self.name = name
    self.size = size
    self.sha256 = sha256
    self.md5 = md5
  }

  /// Whether the content can be recognised when it is complete.
  var hasDigest: Bool { sha256 != nil || md5 != nil }
}

/// Where a file can be had, and what only that place is told.
public struct TransferSource: Sendable, Hashable {
  /// The address.
  public let address: Address
  /// Lines of the request, as in `Authorization: Bearer ...`; a redirection to another scheme, host
  /// or port does not take them along.
  public let headers: [String]
  /// Where the index is that lists the source, if it was fetched.
  public let index: Address?

  /// A source.
  public init(_ address: Address, headers: [String] = [], listedBy index: Address? = nil) {
    self.address = address
    self.headers = headers
    self.index = index
  }
}

/// How far a transfer is.
public struct TransferProgress: Sendable {
  /// The bytes that are here, those of earlier attempts included.
  public let bytes: Int
  /// The size of the file, once it is known.
  public let total: Int?
  /// Bytes a second, over the last seconds.
  public let rate: Double
  /// The source that is asked.
  public let source: Address
}
