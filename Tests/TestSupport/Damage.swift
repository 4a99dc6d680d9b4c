/// Random damage to the bytes of a file.
public enum Damage {
  /// Flips bits, replaces bytes, copies pieces about, or cuts the end off, up to four times.
  public static func some(_ bytes: [UInt8], _ random: inout RepeatableRandom) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0...2: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 3, 4: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 5: bytes[place] = [0x00, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      case 6:
        let length = min(Int.random(in: 1...40, using: &random), bytes.count - place)
        let target = Int.random(in: bytes.indices, using: &random)
        bytes.insert(contentsOf: Array(bytes[place..<place + length]), at: target)
      default: bytes.removeSubrange(Int.random(in: place...bytes.count, using: &random)...)
      }
    }
    return bytes
  }
}
