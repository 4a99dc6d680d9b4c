import FileAccess
import HDF5Subset
import TestSupport
import Testing

/// The chunks themselves.
@Suite struct ChunkCodecTests {
  private func elements(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = RepeatableRandom(seed: seed)
    // Few exponents, as in weights, so that there is something to compress.
    return (0..<count).map { $0 % 4 == 3 ? 0x3C : UInt8.random(in: 0...255, using: &random) }
  }

  @Test(arguments: [
    (1, [1]), (1, [7]), (2, [5, 3]), (4, [1]), (4, [384, 384, 1]), (4, [300, 1_000]),
    (8, [11, 2, 3]), (4, [3, 600_000]), (1, [5_000_000]),
  ])
  func `every chunk of a tensor comes back`(_ width: Int, _ shape: [Int]) throws {
    let codec = ChunkCodec(width: width, shape: shape)
    let source = elements(shape.reduce(width, *), seed: 4)
    let region = ByteRegion(source)
    let stored = try (0..<codec.count).map { chunk in
      ByteRegion(try region.withBytes { try codec.encode(chunk, of: $0) })
    }
    let decoded = try codec.decode(stored, at: "x")
    #expect(decoded == source)
  }

  @Test func `rows of a chunk follow the rule`() {
    #expect(ChunkCodec(width: 4, shape: [384, 384, 1]).rowsPerChunk == 384)
    #expect(ChunkCodec(width: 4, shape: [3_072, 768, 1, 1]).rowsPerChunk == 341)
    #expect(ChunkCodec(width: 4, shape: [10, 1 << 20]).rowsPerChunk == 1)
    // 2^22 rows of 1 KiB: 4,096 chunks of a mebibyte, so twice doubled.
    let many = ChunkCodec(width: 4, shape: [1 << 22, 256])
    #expect(many.rowsPerChunk == 4_096 && many.count == 1_024)
  }

  @Test func `exponents compress`() throws {
    let codec = ChunkCodec(width: 4, shape: [256, 256])
    let stored = try ByteRegion(elements(1 << 18, seed: 1)).withBytes {
      try codec.encode(0, of: $0)
    }
    #expect(stored.count < (1 << 18) * 78 / 100)
  }

  /// A frame and its checksum, as a chunk is stored.
  private func sealed(_ frame: [UInt8]) -> [UInt8] {
    let checksum = ByteRegion(frame).withBytes { Fletcher32.checksum(of: $0) }
    return frame + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
  }

  private func code(_ codec: ChunkCodec, _ stored: [UInt8]) -> HDF5FailureCode? {
    do {
      _ = try codec.decode([ByteRegion(stored)], at: "x")
      return nil
    } catch {
      return (error as? HDF5Failure)?.code
    }
  }

  @Test func `a frame that is not exactly one chunk is refused`() throws {
    let codec = ChunkCodec(width: 4, shape: [64, 8])
    let larger = ChunkCodec(width: 4, shape: [64, 16])
    let stored = try ByteRegion(elements(2_048, seed: 2)).withBytes { try codec.encode(0, of: $0) }
    let frame = Array(stored.dropLast(Fletcher32.byteCount))
    #expect(sealed(frame) == stored)
    #expect(code(codec, stored) == nil)
    #expect(code(larger, stored) == .frame, "another size")
    #expect(code(codec, sealed(frame + [0])) == .frame, "something after it")
    #expect(code(codec, sealed(frame + frame)) == .frame, "two frames")
    #expect(code(codec, sealed(frame.dropLast())) == .frame, "cut")
    #expect(code(codec, sealed([])) == .frame, "nothing")
    #expect(code(codec, sealed([UInt8](repeating: 7, count: 40))) == .frame, "no frame")
    let old: [UInt8] = [0x27, 0xB5, 0x2F, 0xFD]
    #expect(code(codec, sealed(old + frame.dropFirst(4))) == .frame, "zstd 0.7, no peer reads it")
    #expect(code(codec, []) == .damaged, "not even a checksum")
  }

  @Test(arguments: [false, true])
  func `every flipped bit is noticed, of equal bytes too`(_ isConstant: Bool) throws {
    let codec = ChunkCodec(width: 4, shape: [64, 8])
    let source = isConstant ? [UInt8](repeating: 0, count: 2_048) : elements(2_048, seed: 2)
    let stored = try ByteRegion(source).withBytes { try codec.encode(0, of: $0) }
    for offset in stored.indices {
      for bit in 0..<8 {
        var damaged = stored
        damaged[offset] ^= 1 << UInt8(bit)
        #expect(code(codec, damaged) == .damaged, "byte \(offset) bit \(bit)")
      }
    }
  }

  @Test func `padding after the last row must be zero`() throws {
    // 300 rows of 4,000 bytes: 262 in the first chunk, 38 and padding in the second.
    let codec = ChunkCodec(width: 4, shape: [300, 1_000])
    let whole = ChunkCodec(width: 4, shape: [262, 1_000])
    let full = try ByteRegion(elements(262 * 4_000, seed: 3)).withBytes {
      ByteRegion(try whole.encode(0, of: $0))
    }
    #expect(codec.rowsPerChunk == 262 && whole.rowsPerChunk == 262)
    #expect {
      _ = try codec.decode([full, full], at: "x")
    } throws: {
      ($0 as? HDF5Failure)?.found == "other bytes"
    }
  }
}
