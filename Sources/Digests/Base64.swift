/// Bytes as text of 64 characters.
///
/// Corresponds to RFC 4648, section 4.
public enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values = Dictionary(
    uniqueKeysWithValues: digits.enumerated().map { ($1, UInt32($0)) })

  /// The one text of some bytes, padded and without line breaks.
  public static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let padded = Array(group) + [UInt8](repeating: 0, count: 3 - group.count)
      let value = padded.reduce(0) { $0 << 8 | Int($1) }
      for digit in 0...group.count { text.append(digits[value >> (18 - 6 * digit) & 63]) }
      text += [UInt8](repeating: UInt8(ascii: "="), count: 3 - group.count)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; `nil` for every text that `text` does not write: with white space, without
  /// padding, with unused bits that are set.
  public static func bytes(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    let padding = characters.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    for start in stride(from: 0, to: characters.count, by: 4) {
      let isLast = start + 4 == characters.count
      let used = isLast ? 4 - padding : 4
      var value: UInt32 = 0
      for character in characters[start..<start + used] {
        guard let digit = values[character] else { return nil }
        value = value << 6 | digit
      }
      value <<= 6 * UInt32(4 - used)
      let group = [UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
      guard group.dropFirst(used - 1).allSatisfy({ $0 == 0 }) else { return nil }
      bytes += group.prefix(used - 1)
    }
    return bytes
  }
}
