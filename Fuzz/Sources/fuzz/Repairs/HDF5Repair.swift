import CFuzz

@testable import HDF5Subset

/// Checksums of superblock, headers, fixed arrays and chunks, and the size of the file.
enum HDF5Repair {
  private static let superblock = 48

  static func repair(_ bytes: inout [UInt8], _ choice: Int) {
    // Chunks come before the blocks that list them only in this order: their bytes change nothing.
    for header in bytes.places(of: "OHDR") { objectHeader(&bytes, at: header) }
    guard bytes.count >= superblock else { return }
    if choice % 8 != 0 { bytes.put(UInt64(bytes.count), at: 28, width: 8) }
    seal(&bytes, 0..<superblock)
  }

  /// Ends a block with the checksum of what is before.
  private static func seal(_ bytes: inout [UInt8], _ block: Range<Int>) {
    guard block.count > 4, block.upperBound <= bytes.count else { return }
    let body = Array(bytes[block.lowerBound..<block.upperBound - 4])
    let checksum = Lookup3.checksum(of: body, count: body.count)
    bytes.put(UInt64(checksum), at: block.upperBound - 4, width: 4)
  }

  private static func objectHeader(_ bytes: inout [UInt8], at start: Int) {
    guard start + 6 < bytes.count else { return }
    let width = 1 << Int(bytes[start + 5] & 3)
    guard let size = bytes.position(at: start + 6, width: width) else { return }
    let messages = start + 6 + width
    let end = messages + size
    guard end + 4 <= bytes.count else { return }
    for (address, count) in messageList(&bytes, messages..<end) {
      guard address + count <= bytes.count, count > 8 else { continue }
      _ = messageList(&bytes, address + 4..<address + count - 4)
      seal(&bytes, address..<address + count)
    }
    seal(&bytes, start..<end + 4)
  }

  /// Repairs what messages point at; gives the continuations among them.
  private static func messageList(
    _ bytes: inout [UInt8], _ range: Range<Int>
  ) -> [(address: Int, count: Int)] {
    var continuations: [(Int, Int)] = []
    var offset = range.lowerBound
    while offset + 4 <= range.upperBound {
      let kind = bytes[offset]
      let body = offset + 4
      let size = Int(bytes.integer(at: offset + 1, width: 2) ?? 0)
      if kind == 0x10, let address = bytes.position(at: body, width: 8),
        let count = bytes.position(at: body + 8, width: 8)
      {
        continuations.append((address, count))
      }
      if kind == 0x08 { layout(&bytes, at: body) }
      offset = body + size
    }
    return continuations
  }

  private static func layout(_ bytes: inout [UInt8], at start: Int) {
    guard start + 5 < bytes.count, bytes[start] == 4, bytes[start + 1] == 2 else { return }
    let index = start + 5 + Int(bytes[start + 3]) * Int(bytes[start + 4])
    guard index < bytes.count else { return }
    if bytes[index] == 1 {
      chunk(&bytes, addressAt: index + 13, sizeAt: index + 1, sizeWidth: 8)
    } else if bytes[index] == 3, let header = bytes.position(at: index + 2, width: 8) {
      fixedArray(&bytes, at: header)
    }
  }

  private static func fixedArray(_ bytes: inout [UInt8], at header: Int) {
    guard header + 28 <= bytes.count, let count = bytes.position(at: header + 8, width: 8),
      let block = bytes.position(at: header + 16, width: 8)
    else { return }
    let entry = Int(bytes[header + 6])
    seal(&bytes, header..<header + 28)
    guard entry > 12, block + 18 + count * entry <= bytes.count else { return }
    for place in stride(from: block + 14, to: block + 14 + count * entry, by: entry) {
      chunk(&bytes, addressAt: place, sizeAt: place + 8, sizeWidth: min(8, entry - 12))
    }
    seal(&bytes, block..<block + 18 + count * entry)
  }

  private static func chunk(
    _ bytes: inout [UInt8], addressAt: Int, sizeAt: Int, sizeWidth: Int
  ) {
    guard let address = bytes.position(at: addressAt, width: 8),
      let size = bytes.position(at: sizeAt, width: sizeWidth), address + size <= bytes.count
    else { return }
    ChunkRepair.seal(&bytes, address..<address + size)
  }
}

/// The checksums of a stored chunk: that of its zstd frame, if it is one, and filter 3.
enum ChunkRepair {
  static func repair(_ bytes: inout [UInt8], from start: Int) {
    if bytes.count > start { seal(&bytes, start..<bytes.count) }
  }

  static func seal(_ bytes: inout [UInt8], _ range: Range<Int>) {
    guard range.count > 4 else { return }
    var chunk = Array(bytes[range].dropLast(4))
    if chunk.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { fuzz_repair_zstd(&chunk, chunk.count) }
    bytes.replaceSubrange(range, with: Fletcher32.stored(with: chunk.span.bytes))
  }
}
