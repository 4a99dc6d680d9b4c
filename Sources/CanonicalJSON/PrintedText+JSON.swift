public import Diagnostics

extension PrintedText {
  /// A value's text on one line, for a terminal: equal to the canonical text as JSON, but what could act
  /// on a terminal is escaped.
  public init(_ json: JSON) {
    // JSON writes any scalar as UTF-16 units, `\uXXXX`, and only strings have such scalars.
    let text = json.canonicalText.unicodeScalars.map { scalar -> String in
      guard PlainText.acts(scalar) else { return String(scalar) }
      return String(scalar).utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
    }
    self.init(trusted: text.joined())
  }
}
