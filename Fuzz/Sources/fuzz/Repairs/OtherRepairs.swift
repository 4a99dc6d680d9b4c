/// The length of the JSON text at the start.
enum SafetensorsRepair {
  static func repair(_ bytes: inout [UInt8], _ choice: Int) {
    guard choice % 2 != 0, bytes.count > 8 else { return }
    var depth = 0
    for index in 8..<bytes.count {
      if bytes[index] == UInt8(ascii: "{") { depth += 1 }
      if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
      if depth <= 0 { return bytes.put(UInt64(index - 7), at: 0, width: 8) }
    }
  }
}

/// CRC-32 of the chunks of a PNG picture.
enum PictureRepair {
  static func repair(_ bytes: inout [UInt8], _ choice: Int) {
    guard bytes.first == 0x89 else { return }
    var offset = 8
    while let length = bytes.integer(at: offset, width: 4)?.byteSwapped {
      let size = Int(length >> 32)
      guard size <= bytes.count - offset - 12 else { return }
      let end = offset + 8 + size
      let checksum = bytes.crc32(offset + 4..<end)
      bytes.put(checksum.byteSwapped >> 32, at: end, width: 4)
      offset = end + 4
    }
  }
}

/// The sums of the headers of a tar archive.
enum TarRepair {
  private static let block = 512

  static func repair(_ bytes: inout [UInt8], _ choice: Int) {
    var offset = 0
    while offset + block <= bytes.count, bytes[offset..<offset + block].contains(where: { $0 != 0 })
    {
      let sum = (0..<block).reduce(0) { sum, index in
        sum + ((148..<156).contains(index) ? 32 : Int(bytes[offset + index]))
      }
      let digits = Array(String(sum, radix: 8).utf8)
      let field = [UInt8](repeating: 48, count: 6 - digits.count) + digits + [0, 32]
      bytes.replaceSubrange(offset + 148..<offset + 156, with: field)
      let size = bytes[offset + 124..<offset + 135].prefix { $0 != 0 && $0 != 32 }
      guard let size = Int(String(decoding: size, as: UTF8.self), radix: 8),
        (0...bytes.count).contains(size)
      else { return }
      offset += block + (size + block - 1) / block * block
    }
  }
}
