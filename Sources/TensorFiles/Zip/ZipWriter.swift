import Diagnostics
public import FileAccess

/// Writes zip archives of stored entries whose bytes depend on nothing but their content.
///
/// Every entry's data starts at a multiple of 64 bytes, so that a reader can map it.
///
/// Corresponds to APPNOTE 6.3.9 sections 4.3.7 to 4.3.16, and to the padding of `torch.save`.
public enum ZipWriter {
  /// Sizes and offsets are 32 bits wide.
  static let sizeLimit = 0xFFFF_FFFF
  private static let alignment = 64

  private struct Entry {
    let name: [UInt8]
    let bytes: ByteRegion
    let checksum: UInt32
    let offset: Int
  }

  /// Writes an archive, replacing one that exists only when complete; entries keep their order.
  ///
  /// - Throws: `TensorFileFailure` for 4 GiB or more, `FileFailure`.
  public static func write(
    _ entries: [(name: String, bytes: ByteRegion)], to path: String
  ) throws {
    let size = entries.reduce(0) { $0 + 256 + 2 * $1.name.utf8.count + $1.bytes.count }
    guard size < sizeLimit, entries.count < 0xFFFF else {
      throw TensorFileFailure(
        .zipSize, at: path, expected: "less than 4 GiB and 65,535 entries",
        found: "\(size) bytes, \(entries.count) entries")
    }
    try AtomicFile.replace(path) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      try write(entries, to: output)
      try output.finish()
    }
  }

  private static func write(
    _ entries: [(name: String, bytes: ByteRegion)], to output: SequentialOutput
  ) throws {
    var written: [Entry] = []
    var offset = 0
    for (name, bytes) in entries {
      let entry = Entry(
        name: Array(name.utf8), bytes: bytes, checksum: CRC32.checksum(of: bytes), offset: offset)
      let header = localHeader(entry)
      try output.write(unsafe header.span.bytes)
      try bytes.withBytes { try output.write($0) }
      bytes.releasePages()
      offset += header.count + bytes.count
      written.append(entry)
    }
    let directory = written.flatMap(centralRecord)
    let end = endRecord(entries: written.count, directory: directory.count, offset: offset)
    try output.write(unsafe (directory + end).span.bytes)
  }

  /// What both headers of an entry say about it: version 2.0, UTF-8 name, stored, 1980-01-01.
  private static func common(_ entry: Entry, extra: Int) -> [UInt8] {
    little(20, 2) + little(0x0800, 2) + little(0, 2) + little(0, 2) + little(0x21, 2)
      + little(Int(entry.checksum), 4) + little(entry.bytes.count, 4)
      + little(entry.bytes.count, 4) + little(entry.name.count, 2) + little(extra, 2)
  }

  /// The header ends with an extra field `FB` of as many bytes as the alignment needs.
  private static func localHeader(_ entry: Entry) -> [UInt8] {
    let fixed = 30 + entry.name.count + 4
    let padding = (alignment - (entry.offset + fixed) % alignment) % alignment
    return little(0x0403_4B50, 4) + common(entry, extra: 4 + padding) + entry.name
      + Array("FB".utf8) + little(padding, 2)
      + [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
  }

  private static func centralRecord(_ entry: Entry) -> [UInt8] {
    little(0x0201_4B50, 4) + little(20, 2) + common(entry, extra: 0) + little(0, 10)
      + little(entry.offset, 4) + entry.name
  }

  private static func endRecord(entries: Int, directory: Int, offset: Int) -> [UInt8] {
    little(0x0605_4B50, 4) + little(0, 4) + little(entries, 2) + little(entries, 2)
      + little(directory, 4) + little(offset, 4) + little(0, 2)
  }

  private static func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
