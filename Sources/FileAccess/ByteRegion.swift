/// Immutable bytes: a range of a mapped file, or an array; copying a region copies no bytes.
public struct ByteRegion: Sendable {
  private enum Source: Sendable {
    case file(MappedFile)
    case memory([UInt8])
  }

  private let source: Source
  private let range: Range<Int>

  /// A range of a mapped file; a range outside it is a programming error.
  public init(_ file: MappedFile, in range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.size, "range outside the file")
    source = .file(file)
    self.range = range
  }

  /// The whole of a mapped file.
  public init(_ file: MappedFile) {
    self.init(file, in: 0..<file.size)
  }

  /// The bytes of an array.
  public init(_ bytes: [UInt8]) {
    source = .memory(bytes)
    range = 0..<bytes.count
  }

  /// The number of bytes.
  public var count: Int { range.count }

  /// A part, in offsets from this region's start; one outside it is a programming error.
  public func part(_ part: Range<Int>) -> ByteRegion {
    precondition(part.lowerBound >= 0 && part.upperBound <= count, "part outside the region")
    let lower = range.lowerBound + part.lowerBound
    return ByteRegion(source: source, range: lower..<lower + part.count)
  }

  private init(source: Source, range: Range<Int>) {
    self.source = source
    self.range = range
  }

  /// Lends the bytes.
  public func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
    switch source {
    case .file(let file): return try file.withBytes(in: range, body)
    case .memory(let bytes): return try body(unsafe bytes.span.bytes.extracting(range))
    }
  }

  /// A copy of the bytes.
  public func copy() -> [UInt8] {
    withBytes { bytes in
      // SAFETY: the buffer is only read, within the call.
      unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
  }

  /// Lets go of resident pages behind a mapped region (see `MappedFile.releasePages`).
  public func releasePages() {
    if case .file(let file) = source { file.releasePages(in: range) }
  }
}

extension ByteRegion {
  /// Whether another region has the same bytes.
  public func equals(_ other: ByteRegion) -> Bool {
    guard count == other.count else { return false }
    return withBytes { left in
      other.withBytes { right in
        // SAFETY: both buffers are only read, within the call.
        unsafe left.withUnsafeBytes { left in
          unsafe right.withUnsafeBytes { right in unsafe left.elementsEqual(right) }
        }
      }
    }
  }
}
