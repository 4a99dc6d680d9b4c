import Deflate
import FileAccess
import Testing

/// Deflate streams, good and bad.
@Suite struct DeflateTests {
  /// A stored block, and what RFC 1951 says of it.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    let count = UInt16(bytes.count)
    return [1, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
      + bytes
  }

  @Test func `a stream decodes to its bytes, whatever follows`() throws {
    let bytes = [UInt8]("some bytes".utf8)
    let region = ByteRegion(Self.stored(bytes) + [9, 9])
    #expect(try Deflate.inflate(region, .none, limit: 10) == bytes)
    #expect(try Deflate.inflate(region, .none, limit: 10_000) == bytes)
    #expect(throws: Deflate.Refusal.broken("2 bytes behind its end")) {
      try Deflate.inflate(region, .none, limit: 10_000, allowsMore: false)
    }
    let alone = ByteRegion(Self.stored(bytes))
    #expect(try Deflate.inflate(alone, .none, limit: 10, allowsMore: false) == bytes)
  }

  @Test func `a stream longer than its limit is refused`() {
    #expect(throws: Deflate.Refusal.tooLong) {
      try Deflate.inflate(ByteRegion(Self.stored([1, 2, 3])), .none, limit: 2)
    }
  }

  @Test func `a cut stream and other bytes are refused`() {
    let whole = Self.stored([1, 2, 3])
    for count in 0..<whole.count {
      #expect(throws: Deflate.Refusal.self) {
        try Deflate.inflate(ByteRegion(Array(whole.prefix(count))), .none, limit: 100)
      }
    }
    for wrapping in [Deflate.Wrapping.zlib, .gzip] {
      #expect(throws: Deflate.Refusal.self) {
        try Deflate.inflate(ByteRegion(whole), wrapping, limit: 100)
      }
    }
  }

  @Test func `a megabyte of zeros comes out of seven kilobytes`() throws {
    // One zero, then copies of the byte before: 4,064 runs of length 258 at distance 1.
    var bits = BitWriter()
    bits.write(0b1, 1)
    bits.write(0b01, 2)
    bits.writeCode(0b0011_0000, 8)
    for _ in 0..<4064 {
      bits.writeCode(0b1100_0101, 8)
      bits.writeCode(0, 5)
    }
    bits.writeCode(0, 7)
    let bytes = try Deflate.inflate(ByteRegion(bits.bytes), .none, limit: 1 << 21)
    let isRight = bytes.count == 1 + 4064 * 258 && bytes.allSatisfy { $0 == 0 }
    #expect(isRight && bits.bytes.count < 7000)
    #expect(throws: Deflate.Refusal.tooLong) {
      _ = try Deflate.inflate(ByteRegion(bits.bytes), .none, limit: 1_000_000).count
    }
  }
}

/// Bits as deflate packs them: fields from the lowest, codes from their highest bit.
private struct BitWriter {
  var bytes: [UInt8] = []
  private var count = 0

  mutating func write(_ value: Int, _ width: Int) {
    for bit in 0..<width {
      if count.isMultiple(of: 8) { bytes.append(0) }
      bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(count % 8)
      count += 1
    }
  }

  mutating func writeCode(_ code: Int, _ width: Int) {
    for bit in (0..<width).reversed() { write(code >> bit & 1, 1) }
  }
}
