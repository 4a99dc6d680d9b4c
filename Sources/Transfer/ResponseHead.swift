/// Status and fields of an answer, as far as a transfer needs them (RFC 9110).
package struct ResponseHead {
  package private(set) var status = 0
  private var fields: [String: String] = [:]

  package init() {}

  /// Takes a line; a status line starts a new head. True if the line ends the head.
  package mutating func take(_ line: String) -> Bool {
    if line.hasPrefix("HTTP/") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      self = ResponseHead()
      status = words.count > 1 ? Int(words[1]) ?? 0 : 0
    } else if let colon = line.firstIndex(of: ":") {
      let name = line[..<colon].lowercased()
      fields[name] = Self.trimmed(line[line.index(after: colon)...])
    }
    // A head that only announces another one does not count.
    return line.isEmpty && status >= 200
  }

  /// The value of a field, by its name in lower case.
  package subscript(name: String) -> String? { fields[name] }

  /// The number of bytes of the body.
  package var contentLength: Int? { fields["content-length"].flatMap(Self.number) }

  /// Whether the body is the file's bytes, not an encoding of them.
  package var isPlain: Bool {
    let encoding = fields["content-encoding"]?.lowercased() ?? "identity"
    return encoding == "identity" || encoding.isEmpty
  }

  /// The bytes that the body is of a file, and the size of the whole, if it is told.
  package var contentRange: (range: Range<Int>, total: Int?)? {
    guard let parts = rangeParts, let dash = parts.range.firstIndex(of: "-"),
      let first = Self.number(parts.range[..<dash]),
      let last = Self.number(parts.range[parts.range.index(after: dash)...]),
      first <= last, last < Int.max, parts.total.map({ last < $0 }) ?? true
    else { return nil }
    return (first..<last + 1, parts.total)
  }

  /// The size of the whole in an answer that has no part of it.
  var unsatisfiedTotal: Int? {
    guard let parts = rangeParts, parts.range == "*" else { return nil }
    return parts.total
  }

  private var rangeParts: (range: Substring, total: Int?)? {
    guard let text = fields["content-range"], text.lowercased().hasPrefix("bytes ") else {
      return nil
    }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1] == "*" || Self.number(parts[1]) != nil else { return nil }
    return (parts[0], Self.number(parts[1]))
  }

  /// How long the source asks to wait, in seconds; a date counts as nothing asked.
  package var retryAfter: Int? { fields["retry-after"].flatMap(Self.number) }

  private static func number(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(text)
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }
}
