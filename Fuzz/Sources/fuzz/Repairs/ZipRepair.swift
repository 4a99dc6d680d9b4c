/// CRC-32, sizes and offsets of a zip archive, in all of the places where they stand.
enum ZipRepair {
  static func repair(_ bytes: inout [UInt8], _ choice: Int) {
    let locals = bytes.places(of: "PK\u{3}\u{4}")
    let centrals = bytes.places(of: "PK\u{1}\u{2}")
    let end = bytes.places(of: "PK\u{5}\u{6}").last
    for (index, central) in centrals.enumerated() where central + 46 <= bytes.count {
      // Mostly the k-th record is of the k-th entry; entries end where the next thing begins.
      if choice % 4 != 0, index < locals.count {
        let next = index + 1 < locals.count ? locals[index + 1] : centrals[0]
        place(&bytes, central, local: locals[index], next: next)
      }
      checksum(&bytes, central)
    }
    guard choice % 4 != 0, let end, let first = centrals.first else { return }
    let wide = bytes.places(of: "PK\u{6}\u{6}").last
    bytes.put(UInt64(max((wide ?? end) - first, 0)), at: end + 12, width: 4)
    bytes.put(UInt64(first), at: end + 16, width: 4)
    for offset in [8, 10] { bytes.put(UInt64(centrals.count), at: end + offset, width: 2) }
    if let wide { repairWide(&bytes, wide, end, first, count: centrals.count) }
  }

  private static func repairWide(
    _ bytes: inout [UInt8], _ wide: Int, _ end: Int, _ first: Int, count: Int
  ) {
    for offset in [24, 32] { bytes.put(UInt64(count), at: wide + offset, width: 8) }
    bytes.put(UInt64(max(wide - first, 0)), at: wide + 40, width: 8)
    bytes.put(UInt64(first), at: wide + 48, width: 8)
    if bytes.has("PK\u{6}\u{7}", at: end - 20) { bytes.put(UInt64(wide), at: end - 12, width: 8) }
  }

  private static func place(_ bytes: inout [UInt8], _ central: Int, local: Int, next: Int) {
    guard let start = dataStart(bytes, local) else { return }
    let hasDescriptor = bytes[central + 8] & 8 != 0
    let size = next - start - (hasDescriptor ? 16 : 0)
    guard size >= 0 else { return }
    bytes.put(UInt64(local), at: central + 42, width: 4)
    bytes.put(UInt64(size), at: central + 20, width: 4)
    let isStored = bytes[central + 10] == 0
    if isStored { bytes.put(UInt64(size), at: central + 24, width: 4) }
    guard let whole = bytes.integer(at: central + 24, width: 4) else { return }
    if hasDescriptor {
      bytes.put(0x0807_4B50, at: start + size, width: 4)
      bytes.put(UInt64(size), at: start + size + 8, width: 4)
      bytes.put(whole, at: start + size + 12, width: 4)
    } else {
      bytes.put(UInt64(size), at: local + 18, width: 4)
      bytes.put(whole, at: local + 22, width: 4)
    }
  }

  /// Where an entry's data start, after its local header.
  private static func dataStart(_ bytes: [UInt8], _ local: Int) -> Int? {
    guard let name = bytes.integer(at: local + 26, width: 2),
      let extra = bytes.integer(at: local + 28, width: 2)
    else { return nil }
    let start = local + 30 + Int(name) + Int(extra)
    return start <= bytes.count ? start : nil
  }

  private static func checksum(_ bytes: inout [UInt8], _ central: Int) {
    guard let local = bytes.position(at: central + 42, width: 4),
      let size = bytes.position(at: central + 20, width: 4),
      let start = dataStart(bytes, local), start + size <= bytes.count
    else { return }
    // Of deflated data the checksum is that of the content; that one is left as it is.
    let crc =
      bytes[central + 10] == 0
      ? bytes.crc32(start..<start + size) : bytes.integer(at: central + 16, width: 4) ?? 0
    bytes.put(crc, at: central + 16, width: 4)
    if bytes[central + 8] & 8 != 0 {
      bytes.put(crc, at: start + size + 4, width: 4)
    } else {
      bytes.put(crc, at: local + 14, width: 4)
    }
  }
}
