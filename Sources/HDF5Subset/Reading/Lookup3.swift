/// The checksum of HDF5's structure: Bob Jenkins' hash lookup3 in its little-endian form.
///
/// Corresponds to `H5_checksum_lookup3`.
package enum Lookup3 {
  /// The checksum of the first `count` bytes.
  package static func checksum(of bytes: [UInt8], count: Int) -> UInt32 {
    var state = State(count: count)
    var offset = 0
    while count - offset > 12 {
      state.add(bytes, offset)
      state.mix()
      offset += 12
    }
    guard offset < count else { return state.c }
    // The last one to twelve bytes, as if zeros followed.
    let last = Array(bytes[offset..<count]) + [UInt8](repeating: 0, count: 12 - (count - offset))
    state.add(last, 0)
    state.finish()
    return state.c
  }

  private struct State {
    var (a, b, c): (UInt32, UInt32, UInt32)

    init(count: Int) {
      let start = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: count)
      (a, b, c) = (start, start, start)
    }

    mutating func add(_ bytes: [UInt8], _ offset: Int) {
      a &+= Self.word(bytes, offset)
      b &+= Self.word(bytes, offset + 4)
      c &+= Self.word(bytes, offset + 8)
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
      UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
        | UInt32(bytes[offset + 3]) << 24
    }

    mutating func mix() {
      (a, c) = ((a &- c) ^ Self.rotate(c, 4), c &+ b)
      (b, a) = ((b &- a) ^ Self.rotate(a, 6), a &+ c)
      (c, b) = ((c &- b) ^ Self.rotate(b, 8), b &+ a)
      (a, c) = ((a &- c) ^ Self.rotate(c, 16), c &+ b)
      (b, a) = ((b &- a) ^ Self.rotate(a, 19), a &+ c)
      (c, b) = ((c &- b) ^ Self.rotate(b, 4), b &+ a)
    }

    mutating func finish() {
      c = (c ^ b) &- Self.rotate(b, 14)
      a = (a ^ c) &- Self.rotate(c, 11)
      b = (b ^ a) &- Self.rotate(a, 25)
      c = (c ^ b) &- Self.rotate(b, 16)
      a = (a ^ c) &- Self.rotate(c, 4)
      b = (b ^ a) &- Self.rotate(a, 14)
      c = (c ^ b) &- Self.rotate(b, 24)
    }

    private static func rotate(_ value: UInt32, _ bits: UInt32) -> UInt32 {
      value << bits | value >> (32 - bits)
    }
  }
}
