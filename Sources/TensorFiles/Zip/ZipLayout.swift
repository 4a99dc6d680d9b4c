import Diagnostics

/// Where the entries of an archive stand, all of them stored; known before any byte of them is.
struct ZipLayout {
  /// One entry.
  struct Entry {
    let name: [UInt8]
    /// Bytes of its data.
    let count: Int
    /// Where its local header starts.
    let offset: Int
    /// Zeros in front of its data, so that these start at a multiple of 64 bytes.
    let padding: Int

    /// Where its data start.
    var dataOffset: Int { offset + ZipLayout.fixedHeader + name.count + padding }
  }

  /// Sizes and offsets are 32 bits wide.
  static let sizeLimit = 0xFFFF_FFFF
  private static let alignment = 64
  /// A local header without the name and the padding.
  private static let fixedHeader = 34

  /// In the order of the archive.
  let entries: [Entry]
  /// Where the central directory starts.
  let directoryOffset: Int

  /// Lays out entries of some names and sizes; `path` names the archive.
  ///
  /// - Throws: `TensorFileFailure` for 4 GiB or more.
  init(_ files: [(name: String, count: Int)], at path: String) throws {
    let size = files.reduce(0) { $0 + 256 + 2 * $1.name.utf8.count + $1.count }
    guard size < Self.sizeLimit, files.count < 0xFFFF else {
      throw TensorFileFailure(
        .zipSize, at: path, expected: "less than 4 GiB and 65,535 entries",
        found: "\(size) bytes, \(files.count) entries")
    }
    var entries: [Entry] = []
    var offset = 0
    for file in files {
      let name = Array(file.name.utf8)
      let start = offset + Self.fixedHeader + name.count
      let padding = (Self.alignment - start % Self.alignment) % Self.alignment
      let entry = Entry(name: name, count: file.count, offset: offset, padding: padding)
      entries.append(entry)
      offset = entry.dataOffset + file.count
    }
    self.entries = entries
    directoryOffset = offset
  }

  /// What both headers of an entry say about it: version 2.0, UTF-8 name, stored, 1980-01-01.
  private func common(_ entry: Entry, _ checksum: UInt32, extra: Int) -> [UInt8] {
    little(20, 2) + little(0x0800, 2) + little(0, 2) + little(0, 2) + little(0x21, 2)
      + little(Int(checksum), 4) + little(entry.count, 4) + little(entry.count, 4)
      + little(entry.name.count, 2) + little(extra, 2)
  }

  /// The header ends with an extra field `FB` of as many bytes as the alignment needs.
  func localHeader(_ entry: Entry, checksum: UInt32) -> [UInt8] {
    little(0x0403_4B50, 4) + common(entry, checksum, extra: 4 + entry.padding) + entry.name
      + Array("FB".utf8) + little(entry.padding, 2)
      + [UInt8](repeating: UInt8(ascii: "Z"), count: entry.padding)
  }

  private func record(_ entry: Entry, _ checksum: UInt32) -> [UInt8] {
    let head = little(0x0201_4B50, 4) + little(20, 2) + common(entry, checksum, extra: 0)
    return head + little(0, 10) + little(entry.offset, 4) + entry.name
  }

  /// What follows the entries: a record of each, and the end record.
  func directory(_ checksums: [UInt32]) -> [UInt8] {
    let records = zip(entries, checksums).flatMap(record)
    let counts = little(entries.count, 2) + little(entries.count, 2)
    let end = little(0x0605_4B50, 4) + little(0, 4) + counts + little(records.count, 4)
    return records + end + little(directoryOffset, 4) + little(0, 2)
  }

  private func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
