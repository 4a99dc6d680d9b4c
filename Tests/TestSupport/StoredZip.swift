/// Writes zip archives of stored entries without checksums, for files made up in a test.
public enum StoredZip {
  /// An archive of some entries, in their order.
  public static func archive(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var body: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in entries {
      let name = Array(name.utf8)
      let offset = body.count
      let sizes = little(0, 4) + little(bytes.count, 4) + little(bytes.count, 4)
      let common = little(20, 2) + little(0, 8) + sizes + little(name.count, 2) + little(0, 2)
      body += little(0x0403_4B50, 4) + common + name + bytes
      directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 10)
      directory += little(offset, 4) + name
    }
    let end = little(0x0605_4B50, 4) + little(0, 4) + little(entries.count, 2)
    let place = little(entries.count, 2) + little(directory.count, 4) + little(body.count, 4)
    return body + directory + end + place + little(0, 2)
  }

  /// A checkpoint with a pickle and storages by key.
  public static func checkpoint(
    _ pickle: [UInt8], storages: [(key: String, bytes: [UInt8])] = []
  ) -> [UInt8] {
    archive([("archive/data.pkl", pickle)] + storages.map { ("archive/data/" + $0.key, $0.bytes) })
  }

  /// The archive with every CRC-32 set to 0, which says that none was computed.
  public static func withoutChecksums(_ archive: [UInt8]) -> [UInt8] {
    var archive = archive
    let fields = [([0x50, 0x4B, 3, 4], 14), ([0x50, 0x4B, 1, 2], 16)] as [([UInt8], Int)]
    for start in archive.indices.dropLast(20) {
      for (signature, offset) in fields
      where archive[start] == signature[0] && archive[start...].starts(with: signature) {
        archive.replaceSubrange(start + offset..<start + offset + 4, with: little(0, 4))
      }
    }
    return archive
  }

  /// A little-endian number.
  public static func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

/// Opcodes for pickles made up in a test.
public enum Opcodes {
  /// A pickle of protocol 2.
  public static func pickle(_ parts: [UInt8]...) -> [UInt8] {
    [0x80, 2] + parts.flatMap { $0 } + Array(".".utf8)
  }

  /// Opcodes whose bytes are ASCII.
  public static func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// The same opcodes many times.
  public static func times(_ count: Int, _ opcodes: [UInt8]) -> [UInt8] {
    Array([[UInt8]](repeating: opcodes, count: count).joined())
  }

  /// BINUNICODE.
  public static func text(_ text: String) -> [UInt8] {
    ascii("X") + StoredZip.little(text.utf8.count, 4) + ascii(text)
  }

  /// A tensor of one float in storage `0`.
  public static let tensor =
    ascii("ctorch._utils\n_rebuild_tensor_v2\n((") + text("storage")
    + ascii("ctorch\nFloatStorage\n") + text("0") + text("cpu") + ascii("K\u{1}tQK\u{0}))")
    + [0x89] + ascii("NtR")
}
