import Glibc

/// Hosts that are given by number, as the system reads them.
enum HostNumber {
  /// Whether a host is this machine: by a name that always is, or by a number of it in any spelling.
  static func isOfThisMachine(_ host: String) -> Bool {
    let name = host.hasSuffix(".") ? String(host.dropLast()) : host
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    if name.hasPrefix("["), name.hasSuffix("]") {
      return bytes(ofIPv6: String(name.dropFirst().dropLast())).map(isOwn(ipv6:)) ?? false
    }
    return bytes(ofIPv4: name).map(isOwn(ipv4:)) ?? false
  }

  /// 127.0.0.0/8 and 0.0.0.0/8, which leads here, too.
  private static func isOwn(ipv4 number: [UInt8]) -> Bool { number[0] == 127 || number[0] == 0 }

  /// `::` and `::1`, and numbers of IPv4 in the last four bytes, after `ffff` or not.
  private static func isOwn(ipv6 number: [UInt8]) -> Bool {
    guard number[..<10].allSatisfy({ $0 == 0 }) else { return false }
    if number[10..<12] == [0xFF, 0xFF] { return isOwn(ipv4: Array(number[12...])) }
    return number[10..<12] == [0, 0]
      && (number[12] == 127 || number[12..<15] == [0, 0, 0] && number[15] <= 1)
  }

  /// As `127.0.0.1`, `127.1`, `2130706433` and `0x7f.1` are read by `inet_aton(3)`.
  private static func bytes(ofIPv4 text: String) -> [UInt8]? {
    var address = in_addr()
    // SAFETY: both live through the call; the text ends with a zero.
    guard unsafe inet_aton(text, &address) != 0 else { return nil }
    return (0..<4).map { UInt8(truncatingIfNeeded: address.s_addr.littleEndian >> (8 * $0)) }
  }

  private static func bytes(ofIPv6 text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    // SAFETY: a number of this family takes 16 bytes.
    return unsafe inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
  }
}
