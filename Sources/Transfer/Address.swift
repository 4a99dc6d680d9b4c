import Diagnostics
import Digests

/// Where a file can be had: a path, or an address with `file:`, `https:` or `http:`.
///
/// Only addresses that every reader takes apart in the same way are accepted: plain ASCII, no
/// backslash, no user name or password.
public struct Address: Sendable, Hashable, CustomStringConvertible {
  /// How the file is reached.
  public enum Scheme: String, Sendable {
    /// A path of this machine.
    case file
    /// Encrypted and authenticated.
    case https
    /// Neither.
    case http
  }

  /// How the file is reached.
  public let scheme: Scheme
  /// The address as given; for a file its path.
  public let text: String
  /// Host and port, lower case; empty for files.
  public let authority: String

  /// Reads an address.
  ///
  /// - Throws: `TransferFailure` of code `address`.
  public init(_ text: String) throws {
    guard let colon = text.firstIndex(of: ":"),
      text[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }),
      colon != text.startIndex
    else {
      try self.init(path: text)
      return
    }
    let rest = text[text.index(after: colon)...]
    switch text[..<colon].lowercased() {
    case "file": try self.init(path: try Self.path(rest, of: text))
    case "http": try self.init(.http, text, rest)
    case "https": try self.init(.https, text, rest)
    default: throw Self.bad(text, "a path, file:, https: or http:", "scheme \(text[..<colon])")
    }
  }

  /// The address of a file of this machine.
  ///
  /// - Throws: `TransferFailure` of code `address`.
  public init(path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw Self.bad(path, "the path of a file", "none")
    }
    (scheme, text, authority) = (.file, path, "")
  }

  private init(_ scheme: Scheme, _ text: String, _ rest: Substring) throws {
    guard rest.hasPrefix("//"), text.utf8.allSatisfy(Self.isPlain) else {
      throw Self.bad(text, "\(scheme.rawValue)://HOST/... in ASCII", "something else")
    }
    let authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }.lowercased()
    guard Self.isHost(authority) else {
      throw Self.bad(text, "a host, or a host and a port", "`\(authority)`")
    }
    (self.scheme, self.text, self.authority) = (scheme, text, authority)
  }

  /// Whether the host is this machine, by its number or as `localhost`.
  public var isLoopback: Bool {
    let host = Self.split(authority).host
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { UInt8($0).map(String.init) == String($0) }
  }

  /// Whether it names a file or a server of this machine, in whatever spelling the system takes; a
  /// name that a name server leads here is not known.
  package var isOfThisMachine: Bool {
    scheme == .file || HostNumber.isOfThisMachine(String(Self.split(authority).host))
  }

  /// Whether what is secret at one address may be told at the other.
  package func hasOrigin(of other: Address) -> Bool {
    scheme == other.scheme && authority == other.authority
  }

  /// The address without its query, which may hold a signature.
  public var description: String {
    guard scheme != .file, let query = text.firstIndex(of: "?") else { return text }
    return text[..<query] + "?..."
  }

  /// The last part of the path, for people.
  public var fileName: String {
    let path = text.prefix { scheme == .file || !"?#".contains($0) }
    return String(path.split(separator: "/").last ?? "")
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && !"\\\"<>^`{|}".utf8.contains(byte)
  }

  private static func split(_ authority: String) -> (host: Substring, port: Substring?) {
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[end...].firstIndex(of: ":") else { return (authority[...], nil) }
    return (authority[..<colon], authority[authority.index(after: colon)...])
  }

  /// The most bytes of a host's name that a name server knows.
  private static let hostLimit = 253

  private static func isHost(_ authority: String) -> Bool {
    let (host, port) = split(authority)
    if let port, port == "0" || UInt16(port).map(String.init) != String(port) { return false }
    let name = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
    let allowed = name.startIndex == host.startIndex ? "-._" : ":."
    return !name.isEmpty && name.utf8.count <= hostLimit
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || allowed.contains($0)) }
  }

  /// The path of a `file:` address: local, with `%20` and the like decoded.
  private static func path(_ rest: Substring, of text: String) throws -> String {
    var path = rest
    if rest.hasPrefix("//") {
      path = rest.dropFirst(2).drop { $0 != "/" }
      let host = rest.dropFirst(2).prefix { $0 != "/" }
      guard host.isEmpty || host.lowercased() == "localhost" else {
        throw bad(text, "a file of this machine", "host `\(host)`")
      }
    }
    guard path.hasPrefix("/"), let bytes = decoded(path) else {
      throw bad(text, "file:///PATH", "something else")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func decoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard let value = Digest(hex: digits.lowercased())?.bytes, value.count == 1 else {
        return nil
      }
      bytes += value
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  private static func bad(_ text: String, _ expected: String, _ found: String) -> TransferFailure {
    TransferFailure(
      .address, at: PlainText.excerpt(text), expected: expected, found: PlainText.excerpt(found))
  }
}
