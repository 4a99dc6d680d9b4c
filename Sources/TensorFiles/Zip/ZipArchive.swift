import Deflate
import Diagnostics
public import FileAccess

/// A zip archive of stored or, where that is allowed, deflated entries, checked as a whole when it is
/// opened.
///
/// Every byte belongs to exactly one record: local headers and data follow each other without gap
/// from byte 0, then the central directory, then the end records, then nothing. Central directory
/// and local headers must agree. So no two readers can see different archives in one file.
///
/// Corresponds to APPNOTE 6.3.9 sections 4.3.7 to 4.3.16, restricted to
/// methods 0 and 8.
public struct ZipArchive: Sendable {
  /// One entry.
  public struct Entry: Sendable {
    /// The name, unique in the archive.
    public let name: String
    /// The bytes as they are in the archive.
    public let bytes: ByteRegion
    /// The size that deflated bytes decode to; `nil` if the entry is stored.
    let inflatedSize: Int?
    /// The recorded CRC-32; 0 means that the writer did not compute one.
    let checksum: UInt32
    fileprivate let headerOffset: Int
    fileprivate var end = 0
  }

  /// The entries in the order of the central directory.
  public let entries: [Entry]
  private let place: String

  /// No deflated entry decodes to more bytes.
  static let inflatedLimit = 1 << 30

  /// Opens an archive; `place` names the file in errors.
  ///
  /// - Throws: `TensorFileFailure`.
  public init(_ file: ByteRegion, at place: String, allowsDeflate: Bool = false) throws {
    var reader = ZipReader(file: file, place: place, allowsDeflate: allowsDeflate)
    entries = try reader.read()
    self.place = place
  }

  /// The entry of a name.
  public func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

  /// An entry's content, checked against its CRC-32.
  ///
  /// - Throws: `TensorFileFailure`.
  public func checkedBytes(of entry: Entry) throws -> ByteRegion {
    let content = try inflated(entry)
    guard entry.checksum != 0 else { return content }
    let found = CRC32.checksum(of: content)
    entry.bytes.releasePages()
    guard found == entry.checksum else {
      throw TensorFileFailure(
        .zipChecksum, at: "\(place) entry \(entry.name)",
        expected: "CRC-32 " + String(entry.checksum, radix: 16),
        found: String(found, radix: 16))
    }
    return content
  }

  private func inflated(_ entry: Entry) throws -> ByteRegion {
    guard let size = entry.inflatedSize else { return entry.bytes }
    let place = "\(place) entry \(entry.name)"
    do {
      let content = try Deflate.inflate(entry.bytes, .none, limit: size)
      guard content.count == size else {
        throw TensorFileFailure(
          .zipDeflate, at: place, expected: "\(size) bytes", found: "\(content.count)")
      }
      return ByteRegion(content)
    } catch let refusal as Deflate.Refusal {
      throw TensorFileFailure(
        .zipDeflate, at: place, expected: "\(size) bytes, deflated",
        found: refusal == .tooLong ? "more" : "another stream")
    }
  }
}

private struct ZipReader {
  let file: ByteRegion
  let place: String
  let allowsDeflate: Bool

  /// Signatures and fixed sizes of the records.
  private enum Record {
    static let local: (UInt32, Int) = (0x0403_4B50, 30)
    static let descriptor: UInt32 = 0x0807_4B50
    static let central: (UInt32, Int) = (0x0201_4B50, 46)
    static let end: (UInt32, Int) = (0x0605_4B50, 22)
    static let end64: (UInt32, Int) = (0x0606_4B50, 56)
    static let locator64: (UInt32, Int) = (0x0706_4B50, 20)
  }

  /// Bit 3 (sizes follow the data) and bit 11 (UTF-8 name); all others change the meaning.
  private static let allowedFlags: UInt16 = 0x0808
  /// The method of deflated entries.
  private static let deflated: UInt16 = 8
  private static let entryLimit = 1_000_000

  private struct Directory {
    var offset: Int
    var size: Int
    var count: Int
  }

  mutating func read() throws -> [ZipArchive.Entry] {
    let directory = try readEnd()
    var entries: [ZipArchive.Entry] = []
    var names: Set<String> = []
    var offset = directory.offset
    for _ in 0..<directory.count {
      let entry = try readCentral(&offset, limit: directory.offset + directory.size)
      guard names.insert(entry.name).inserted else {
        throw failure(.zipDuplicateName, entry.name, "each name once", "it twice")
      }
      entries.append(entry)
    }
    guard offset == directory.offset + directory.size else {
      throw failure(
        .zipRecord, "central directory", "\(directory.size) bytes",
        "\(offset - directory.offset)")
    }
    try checkLayout(entries, directoryOffset: directory.offset)
    return entries
  }

  // MARK: End records

  private func readEnd() throws -> Directory {
    let end = file.count - Record.end.1
    guard end >= 0, u32(end) == Record.end.0, u16(end + 20) == 0 else {
      throw failure(
        .zipEnd, "end of file", "an end record without comment",
        "other bytes, as in a file that was cut short")
    }
    guard u16(end + 4) == 0, u16(end + 6) == 0, u16(end + 8) == u16(end + 10) else {
      throw failure(.zipEnd, "end record", "one disk", "several")
    }
    var directory = Directory(
      offset: Int(u32(end + 16)), size: Int(u32(end + 12)), count: Int(u16(end + 10)))
    var directoryEnd = end
    let locator = end - Record.locator64.1
    if locator >= 0, u32(locator) == Record.locator64.0 {
      (directory, directoryEnd) = try readEnd64(locator, narrow: directory)
    }
    guard directory.offset <= directoryEnd, directory.offset + directory.size == directoryEnd,
      directory.count <= Self.entryLimit
    else {
      throw failure(
        .zipEnd, "end record", "the central directory to end at byte \(directoryEnd)",
        "\(directory.count) entries, \(directory.size) bytes from \(directory.offset)")
    }
    return directory
  }

  private func readEnd64(_ locator: Int, narrow: Directory) throws -> (Directory, Int) {
    let end64 = locator - Record.end64.1
    guard end64 >= 0, u64(locator + 8) == UInt64(end64), u32(end64) == Record.end64.0,
      u64(end64 + 4) == UInt64(Record.end64.1 - 12), u64(end64 + 24) == u64(end64 + 32),
      u64(end64 + 16) == 0, u32(locator + 4) == 0, u32(locator + 16) == 1
    else {
      throw failure(
        .zipEnd, "zip64 end record", "one disk's record before its locator", "other bytes")
    }
    let wide = Directory(
      offset: Int(clamping: u64(end64 + 48)), size: Int(clamping: u64(end64 + 40)),
      count: Int(clamping: u64(end64 + 32)))
    func agree(_ narrow: Int, _ wide: Int, _ escape: Int) -> Bool {
      narrow == wide || narrow == escape
    }
    guard agree(narrow.offset, wide.offset, 0xFFFF_FFFF),
      agree(narrow.size, wide.size, 0xFFFF_FFFF), agree(narrow.count, wide.count, 0xFFFF),
      wide.offset <= file.count, wide.size <= file.count
    else {
      throw failure(.zipDisagreement, "end records", "both to agree", "different directories")
    }
    return (wide, end64)
  }

  // MARK: Entries

  private func readCentral(_ offset: inout Int, limit: Int) throws -> ZipArchive.Entry {
    guard offset + Record.central.1 <= limit, u32(offset) == Record.central.0 else {
      throw failure(.zipRecord, "byte \(offset)", "a central directory record", "other bytes")
    }
    let nameStart = offset + Record.central.1
    let nameEnd = nameStart + Int(u16(offset + 28))
    let extraEnd = nameEnd + Int(u16(offset + 30))
    let recordEnd = extraEnd + Int(u16(offset + 32))
    guard recordEnd <= limit, u16(offset + 34) == 0 else {
      throw failure(
        .zipRecord, "byte \(offset)", "a record of disk 0 inside the directory", "another")
    }
    let name = try checkedName(nameStart..<nameEnd)
    try checkFlags(offset + 8, method: u16(offset + 10), name)
    var sizes = [Int(u32(offset + 24)), Int(u32(offset + 20)), Int(u32(offset + 42))]
    try widen(&sizes, extra: nameEnd..<extraEnd, name)
    let method = u16(offset + 10)
    let isDeflated = method == Self.deflated
    guard isDeflated ? sizes[0] <= ZipArchive.inflatedLimit : sizes[0] == sizes[1] else {
      throw failure(
        .zipCompressed, name,
        isDeflated ? "at most \(ZipArchive.inflatedLimit) bytes" : "equal sizes",
        "\(sizes[1]) stored of \(sizes[0])")
    }
    let entry = try readLocal(
      sizes[2], sizes: (sizes[0], sizes[1]), name, method: method, flags: u16(offset + 8),
      u32(offset + 16))
    offset = recordEnd
    return entry
  }

  /// Replaces sizes that the record gives as all ones by those of its zip64 field.
  private func widen(_ sizes: inout [Int], extra: Range<Int>, _ name: String) throws {
    guard var field = try zip64Field(extra, name) else {
      guard !sizes.contains(0xFFFF_FFFF) else {
        throw failure(.zipRecord, name, "a zip64 field", "none")
      }
      return
    }
    for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
      guard field.count >= 8 else {
        throw failure(.zipRecord, name, "a zip64 field with every size", "a shorter one")
      }
      sizes[index] = Int(clamping: u64(field.lowerBound))
      field = field.lowerBound + 8..<field.upperBound
    }
  }

  private func zip64Field(_ extra: Range<Int>, _ name: String) throws -> Range<Int>? {
    var offset = extra.lowerBound
    var found: Range<Int>?
    while offset < extra.upperBound {
      guard offset + 4 <= extra.upperBound,
        offset + 4 + Int(u16(offset + 2)) <= extra.upperBound
      else { throw failure(.zipRecord, name, "whole extra fields", "a cut one") }
      let end = offset + 4 + Int(u16(offset + 2))
      if u16(offset) == 1 {
        guard found == nil else { throw failure(.zipRecord, name, "one zip64 field", "two") }
        found = offset + 4..<end
      }
      offset = end
    }
    return found
  }

  private func readLocal(
    _ offset: Int, sizes expected: (whole: Int, stored: Int), _ name: String, method: UInt16,
    flags: UInt16, _ checksum: UInt32
  ) throws -> ZipArchive.Entry {
    let size = expected.stored
    guard offset <= file.count - Record.local.1, u32(offset) == Record.local.0 else {
      throw failure(.zipRecord, name, "a local header at byte \(offset)", "other bytes")
    }
    let nameStart = offset + Record.local.1
    let nameEnd = nameStart + Int(u16(offset + 26))
    let start = nameEnd + Int(u16(offset + 28))
    guard start <= file.count, size <= file.count - start else {
      throw failure(.zipLayout, name, "data inside the file", "\(size) bytes from \(start)")
    }
    // Bytes, not text: two texts may be equal to Unicode and different to another reader.
    guard file.part(nameStart..<nameEnd).copy() == Array(name.utf8), u16(offset + 6) == flags,
      u16(offset + 8) == method
    else {
      throw failure(
        .zipDisagreement, name, "the same name, flags and method in both headers", "others")
    }
    let hasDescriptor = flags & 0x0008 != 0
    var sizes = [Int(u32(offset + 22)), Int(u32(offset + 18))]
    if sizes.contains(0xFFFF_FFFF) { try widen(&sizes, extra: nameEnd..<start, name) }
    guard
      zip(sizes, [expected.whole, expected.stored]).allSatisfy({ found, expected in
        found == expected || (hasDescriptor && found == 0)
      })
    else {
      throw failure(.zipDisagreement, name, "size \(size) in both headers", "\(sizes[1])")
    }
    let local = u32(offset + 14)
    guard local == checksum || (hasDescriptor && local == 0) else {
      throw failure(.zipDisagreement, name, "the same CRC-32 in both headers", "others")
    }
    let end =
      hasDescriptor ? try readDescriptor(start + size, expected, checksum, name) : start + size
    return ZipArchive.Entry(
      name: name, bytes: file.part(start..<start + size),
      inflatedSize: method == Self.deflated ? expected.whole : nil, checksum: checksum,
      headerOffset: offset, end: end)
  }

  /// The end of the data descriptor after an entry: 16 bytes, or 24 with 64-bit sizes.
  private func readDescriptor(
    _ offset: Int, _ sizes: (whole: Int, stored: Int), _ checksum: UInt32, _ name: String
  ) throws -> Int {
    if offset + 24 <= file.count, u32(offset) == Record.descriptor, u32(offset + 4) == checksum,
      u64(offset + 8) == UInt64(sizes.stored), u64(offset + 16) == UInt64(sizes.whole)
    {
      return offset + 24
    }
    if offset + 16 <= file.count, u32(offset) == Record.descriptor, u32(offset + 4) == checksum,
      u32(offset + 8) == UInt32(truncatingIfNeeded: sizes.stored),
      u32(offset + 12) == UInt32(truncatingIfNeeded: sizes.whole)
    {
      return offset + 16
    }
    throw failure(.zipDisagreement, name, "a data descriptor that agrees", "another or none")
  }

  private func checkFlags(_ offset: Int, method: UInt16, _ name: String) throws {
    let flags = u16(offset)
    guard flags & ~Self.allowedFlags == 0 else {
      throw failure(.zipFlags, name, "flags 0x0808 at most", "0x" + String(flags, radix: 16))
    }
    guard method == 0 || (allowsDeflate && method == Self.deflated) else {
      throw failure(
        .zipCompressed, name, "method 0 (stored)" + (allowsDeflate ? " or 8 (deflated)" : ""),
        "method \(method)")
    }
  }

  private func checkedName(_ range: Range<Int>) throws -> String {
    guard let name = file.text(range), Files.isBelow(name),
      !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "\\" })
    else {
      throw failure(.zipName, "byte \(range.lowerBound)", "a plain relative name", "another")
    }
    return name
  }

  private func checkLayout(_ entries: [ZipArchive.Entry], directoryOffset: Int) throws {
    var offset = 0
    for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard entry.headerOffset == offset else {
        throw failure(
          .zipLayout, entry.name, "its header at byte \(offset)", "byte \(entry.headerOffset)")
      }
      offset = entry.end
    }
    guard offset == directoryOffset else {
      throw failure(
        .zipLayout, "central directory", "it at byte \(offset)", "byte \(directoryOffset)")
    }
  }

  private func u16(_ offset: Int) -> UInt16 { file.integer(at: offset, as: UInt16.self) }
  private func u32(_ offset: Int) -> UInt32 { file.integer(at: offset, as: UInt32.self) }
  private func u64(_ offset: Int) -> UInt64 { file.integer(at: offset, as: UInt64.self) }

  private func failure(
    _ code: TensorFileFailureCode, _ part: String, _ expected: String, _ found: String
  ) -> TensorFileFailure {
    TensorFileFailure(code, at: "\(place) \(part)", expected: expected, found: found)
  }
}
