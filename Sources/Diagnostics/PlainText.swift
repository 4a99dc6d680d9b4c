/// Text that is safe to print, whatever a file put into it.
public enum PlainText {
  /// The text on one line: control characters and those that change the direction of writing are
  /// replaced by their code, as in `\u{1B}`.
  public static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if acts(scalar) {
        result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The most Unicode scalars that a message quotes of a text from outside.
  public static let excerptLimit = 200

  /// A text from outside as a message quotes it: its beginning, and its size where more follows.
  ///
  /// Scalars are counted, because one character can be any number of them.
  public static func excerpt(_ text: String, limit: Int = excerptLimit) -> String {
    let scalars = text.unicodeScalars
    guard
      let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else { return text }
    return "\(String(scalars[..<end]))... (\(text.utf8.count) bytes)"
  }

  /// Whether a scalar acts on a terminal or changes the direction of writing, instead of being shown.
  package static func acts(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069,
      0xFFF9...0xFFFB:
      true
    default: false
    }
  }
}
