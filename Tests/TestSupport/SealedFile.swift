import HDF5Subset

/// An HDF5 file whose bits can be flipped below right checksums: what an attacker does, who can compute
/// them too.
public struct SealedFile: Sendable {
  /// The bytes as they were written.
  public let bytes: [UInt8]
  /// The blocks of structure, from their signature to before their checksum.
  public let blocks: [Range<Int>]

  /// Finds the blocks of a file: a signature, and after it the first place where the checksum is right.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    blocks = stride(from: 0, to: bytes.count - 8, by: 64).compactMap { start in
      Self.signatures.contains(Array(bytes[start..<start + 4])) ? Self.block(bytes, start) : nil
    }
  }

  /// Of the superblock, object headers and their continuations, and fixed arrays.
  private static let signatures: [[UInt8]] =
    [[0x89, 0x48, 0x44, 0x46]] + ["OHDR", "OCHK", "FAHD", "FADB"].map { Array($0.utf8) }

  private static let longestBlock = 1 << 16

  private static func block(_ bytes: [UInt8], _ start: Int) -> Range<Int>? {
    let candidate = Array(bytes[start..<min(bytes.count, start + longestBlock)])
    return (8...candidate.count - 4).first {
      Self.seal(of: candidate, count: $0) == candidate[$0..<$0 + 4]
    }
    .map { start..<start + $0 }
  }

  private static func seal(of bytes: [UInt8], count: Int) -> ArraySlice<UInt8> {
    let checksum = Lookup3.checksum(of: bytes, count: count)
    return (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }[...]
  }

  /// The file with one bit flipped; in a block its checksum is made right again, where the block ends
  /// and, if the bit is of an object header's size, where it then says that it ends.
  public func flipping(bit: Int, ofByte byte: Int) -> [UInt8] {
    changing(byte: byte, to: bytes[byte] ^ 1 << UInt8(bit))
  }

  /// The same with another value of one byte.
  public func changing(byte: Int, to value: UInt8) -> [UInt8] {
    var result = bytes
    result[byte] = value
    guard let block = blocks.first(where: { $0.contains(byte) }) else { return result }
    for end in [block.upperBound, Self.statedEnd(result, block)] where end + 4 <= result.count {
      let sealed = Array(result[block.lowerBound..<end])
      result.replaceSubrange(end..<end + 4, with: Self.seal(of: sealed, count: sealed.count))
    }
    return result
  }

  /// Where a name stands in the blocks: in a link behind its length, in an attribute before a null byte.
  public func places(ofName name: String) -> [Int] {
    let letters = Array(name.utf8)
    return blocks.flatMap { block in
      block.dropFirst().dropLast(letters.count).filter { place in
        (bytes[place - 1] == UInt8(letters.count) || bytes[place + letters.count] == 0)
          && bytes[place..<place + letters.count].elementsEqual(letters)
      }
    }
  }

  /// Where an object header ends, by its own size.
  private static func statedEnd(_ bytes: [UInt8], _ block: Range<Int>) -> Int {
    let start = block.lowerBound
    guard Array(bytes[start..<start + 4]) == Array("OHDR".utf8) else { return block.upperBound }
    let width = 1 << Int(bytes[start + 5] & 3)
    let size = bytes[start + 6..<start + 6 + min(width, 4)].reversed().reduce(0) {
      $0 << 8 | Int($1)
    }
    return start + 6 + width + size
  }
}
