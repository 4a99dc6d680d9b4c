public import Diagnostics

/// The ways in which a JSON text can be refused.
public enum JSONFailureCode: String, FailureCode {
  /// The text breaks the grammar.
  case syntax = "json-syntax"
  /// The text is not UTF-8.
  case encoding = "json-not-utf8"
  /// An object names a member twice.
  case duplicateKey = "json-duplicate-key"
  /// Arrays and objects are nested too deeply.
  case depth = "json-too-deep"
  /// A number is beyond the range of a double.
  case range = "json-number-out-of-range"
  /// An object has more members than its reader takes.
  case members = "json-too-many-members"
  /// The text is not the one canonical text of its value.
  case notCanonical = "json-not-canonical"

  /// Every one of them means the text cannot be used.
  public var kind: FailureKind { .badData }
}

/// A refused JSON text.
public typealias JSONFailure = Failure<JSONFailureCode>

extension JSON {
  /// How deeply arrays and objects may be nested.
  static let depthLimit = 64

  /// Reads one JSON value; `place` names the text in errors.
  ///
  /// - Parameter memberLimit: the most members of an object; the reader stops at one more.
  /// - Throws: `JSONFailure`.
  public init(parsing bytes: [UInt8], at place: String, memberLimit: Int = .max) throws {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw JSONFailure(.encoding, at: place, expected: "UTF-8", found: "other bytes")
    }
    var parser = Parser(bytes: bytes, place: place, memberLimit: memberLimit)
    self = try parser.parseDocument()
  }

  /// Reads one JSON value and requires the text to be its canonical form.
  ///
  /// - Throws: `JSONFailure`, `.notCanonical` among them.
  public init(parsingCanonical bytes: [UInt8], at place: String) throws {
    try self.init(parsing: bytes, at: place)
    let canonical = canonicalBytes
    guard canonical == bytes else {
      let offset = zip(canonical, bytes).prefix { $0 == $1 }.count
      throw JSONFailure(
        .notCanonical, at: place, expected: "RFC 8785 text", found: "a difference at byte \(offset)"
      )
    }
  }
}

/// A recursive-descent reader over the bytes of one text.
private struct Parser {
  let bytes: [UInt8]
  let place: String
  let memberLimit: Int
  var offset = 0

  mutating func parseDocument() throws -> JSON {
    skipSpace()
    let value = try parseValue(depth: 0)
    skipSpace()
    guard offset == bytes.count else { throw syntax("the end of the text") }
    return value
  }

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func syntax(_ expected: String) -> JSONFailure {
    let found = current.map { "byte 0x" + String($0, radix: 16) } ?? "the end"
    return JSONFailure(.syntax, at: "\(place) byte \(offset)", expected: expected, found: found)
  }

  private mutating func skipSpace() {
    while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
  }

  private mutating func take(_ byte: UInt8, _ expected: String) throws {
    guard current == byte else { throw syntax(expected) }
    offset += 1
  }

  private mutating func parseValue(depth: Int) throws -> JSON {
    guard depth <= JSON.depthLimit else {
      throw JSONFailure(
        .depth, at: "\(place) byte \(offset)", expected: "at most \(JSON.depthLimit) levels",
        found: "more")
    }
    switch current {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
    case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
    case UInt8(ascii: "n"): return try parseLiteral("null", .null)
    default: return try parseNumber()
    }
  }

  private mutating func parseLiteral(_ text: String, _ value: JSON) throws -> JSON {
    for byte in text.utf8 { try take(byte, "`\(text)`") }
    return value
  }

  private mutating func parseArray(depth: Int) throws -> JSON {
    offset += 1
    var elements: [JSON] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      offset += 1
      return .array(elements)
    }
    while true {
      skipSpace()
      elements.append(try parseValue(depth: depth + 1))
      skipSpace()
      if current == UInt8(ascii: "]") {
        offset += 1
        return .array(elements)
      }
      try take(UInt8(ascii: ","), "`,` or `]`")
    }
  }

  private mutating func parseObject(depth: Int) throws -> JSON {
    offset += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if current == UInt8(ascii: "}") {
      offset += 1
      return .object(members)
    }
    while true {
      skipSpace()
      let start = offset
      guard members.count < memberLimit else {
        throw JSONFailure(
          .members, at: "\(place) byte \(start)", expected: "at most \(memberLimit) members",
          found: "more")
      }
      let key = try parseString()
      skipSpace()
      try take(UInt8(ascii: ":"), "`:`")
      skipSpace()
      let value = try parseValue(depth: depth + 1)
      guard members.updateValue(value, forKey: key) == nil else {
        throw JSONFailure(
          .duplicateKey, at: "\(place) byte \(start)", expected: "each key once",
          found: "`\(key)` again")
      }
      skipSpace()
      if current == UInt8(ascii: "}") {
        offset += 1
        return .object(members)
      }
      try take(UInt8(ascii: ","), "`,` or `}`")
    }
  }

  private mutating func parseString() throws -> String {
    try take(UInt8(ascii: "\""), "a string")
    if let plain = takePlainString() { return plain }
    var text: [UInt8] = []
    while let byte = current, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw syntax("no raw control character in a string") }
      offset += 1
      if byte == UInt8(ascii: "\\") {
        text += try parseEscape()
      } else {
        text.append(byte)
      }
    }
    try take(UInt8(ascii: "\""), "the end of the string")
    return String(decoding: text, as: UTF8.self)
  }

  /// The rest of a string that has no escapes; `nil` if it has, and then nothing is taken.
  private mutating func takePlainString() -> String? {
    let start = offset
    var end = offset
    while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\\") {
      if bytes[end] == UInt8(ascii: "\"") {
        offset = end + 1
        return String(decoding: bytes[start..<end], as: UTF8.self)
      }
      end += 1
    }
    return nil
  }

  private mutating func parseEscape() throws -> [UInt8] {
    guard let byte = current else { throw syntax("an escape") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return Array(String(Character(try parseUnicodeEscape())).utf8)
    default:
      offset -= 1
      throw syntax("an escape")
    }
  }

  private mutating func parseUnicodeEscape() throws -> Unicode.Scalar {
    let first = try parseHexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first) else { throw syntax("no lone surrogate") }
    try take(UInt8(ascii: "\\"), "the second half of a surrogate pair")
    try take(UInt8(ascii: "u"), "the second half of a surrogate pair")
    let second = try parseHexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw syntax("no lone surrogate") }
    return scalar
  }

  private mutating func parseHexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw syntax("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  private mutating func parseNumber() throws -> JSON {
    let start = offset
    if current == UInt8(ascii: "-") { offset += 1 }
    if current == UInt8(ascii: "0") {
      offset += 1
    } else {
      try takeDigits("a value")
    }
    if current == UInt8(ascii: ".") {
      offset += 1
      try takeDigits("a digit")
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      offset += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
      try takeDigits("a digit")
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw JSONFailure(
        .range, at: "\(place) byte \(start)", expected: "a finite double", found: text)
    }
    return .number(value)
  }

  private mutating func takeDigits(_ expected: String) throws {
    let start = offset
    while let byte = current, (0x30...0x39).contains(byte) { offset += 1 }
    guard offset > start else { throw syntax(expected) }
  }
}
