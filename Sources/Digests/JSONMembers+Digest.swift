public import CanonicalJSON

extension JSON {
  /// A SHA-256 digest in hexadecimal digits.
  public var sha256: Digest? { digest(bytes: 32) }

  /// An MD5 sum in hexadecimal digits.
  public var md5: Digest? { digest(bytes: 16) }

  private func digest(bytes: Int) -> Digest? {
    string.flatMap(Digest.init(hex:)).flatMap { $0.bytes.count == bytes ? $0 : nil }
  }
}

extension JSONMembers {
  /// A SHA-256 digest. Throws `Failure<Code>`.
  public func sha256(_ name: String) throws -> Digest {
    try value(name, "a SHA-256 in hexadecimal digits", \.sha256)
  }
}
