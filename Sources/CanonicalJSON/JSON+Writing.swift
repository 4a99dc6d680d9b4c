extension JSON {
  /// The canonical text: no white space, sorted keys, shortest numbers.
  public var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

  /// The canonical text as UTF-8.
  public var canonicalBytes: [UInt8] {
    var text: [UInt8] = []
    write(to: &text)
    return text
  }

  /// The same values for people: sorted keys, two spaces for each level; not canonical.
  public var indentedText: String {
    var text: [UInt8] = []
    writeIndented(to: &text, "\n")
    return String(decoding: text, as: UTF8.self)
  }

  private func writeIndented(to text: inout [UInt8], _ lineBreak: String) {
    let inner = lineBreak + "  "
    switch self {
    case .array(let elements) where !elements.isEmpty:
      for (index, element) in elements.enumerated() {
        text += (index == 0 ? "[" : ",") + inner
        element.writeIndented(to: &text, inner)
      }
      text += lineBreak + "]"
    case .object(let members) where !members.isEmpty:
      for (index, key) in members.keys.sorted().enumerated() {
        text += (index == 0 ? "{" : ",") + inner
        JSON.writeString(key, to: &text)
        text += ": "
        members[key]?.writeIndented(to: &text, inner)
      }
      text += lineBreak + "}"
    default: write(to: &text)
    }
  }

  private func write(to text: inout [UInt8]) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let value): text += JSON.canonicalNumber(value)
    case .string(let value): JSON.writeString(value, to: &text)
    case .array(let elements): writeArray(elements, to: &text)
    case .object(let members): writeObject(members, to: &text)
    }
  }

  private func writeArray(_ elements: [JSON], to text: inout [UInt8]) {
    text += "["
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      element.write(to: &text)
    }
    text += "]"
  }

  private func writeObject(_ members: [String: JSON], to text: inout [UInt8]) {
    text += "{"
    // UTF-16 and UTF-8 order differ only beyond ASCII.
    let isPlain = members.keys.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
    let sorted = members.sorted {
      isPlain ? $0.key < $1.key : $0.key.utf16.lexicographicallyPrecedes($1.key.utf16)
    }
    for (index, (key, value)) in sorted.enumerated() {
      if index > 0 { text += "," }
      JSON.writeString(key, to: &text)
      text += ":"
      value.write(to: &text)
    }
    text += "}"
  }

  private static func writeString(_ value: String, to text: inout [UInt8]) {
    text += "\""
    defer { text += "\"" }
    let start = text.count
    text += value
    guard text[start...].contains(where: needsEscape) else { return }
    text.removeSubrange(start...)
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\t": text += "\\t"
      case "\n": text += "\\n"
      case "\u{C}": text += "\\f"
      case "\r": text += "\\r"
      case "\0"..<" ": text += escapedControl(scalar)
      default: text += String(scalar)
      }
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func escapedControl(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  /// A double as ECMAScript prints it: the shortest digits that read back to the same value.
  static func canonicalNumber(_ value: Double) -> String {
    precondition(value.isFinite, "JSON has no text for a number that is not finite")
    if let integer = Int(exactly: value), integer.magnitude <= UInt(exactIntegerLimit) {
      return String(integer)
    }
    let (digits, point) = shortestDigits(of: value.magnitude)
    return (value < 0 ? "-" : "") + layOut(digits, decimalPoint: point)
  }

  /// The shortest digits, without leading or trailing zeros, and where the decimal point stands.
  private static func shortestDigits(of value: Double) -> (digits: String, point: Int) {
    let parts = value.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa[0]
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    let digits = trimmingTrailingZeros(all.dropFirst(leading))
    return (digits, whole.count + exponent - leading)
  }

  private static func trimmingTrailingZeros(_ digits: Substring) -> String {
    var digits = digits
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    return String(digits)
  }

  private static func layOut(_ digits: String, decimalPoint point: Int) -> String {
    let count = digits.count
    switch point {
    case let point where count <= point && point <= 21:
      return digits + String(repeating: "0", count: point - count)
    case 1...21:
      return digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0:
      return "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = point - 1
      let fraction = count > 1 ? "." + digits.dropFirst() : ""
      return digits.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+") + String(abs(exponent))
    }
  }
}

/// Appends a text's UTF-8.
private func += (bytes: inout [UInt8], text: String) { bytes.append(contentsOf: text.utf8) }
