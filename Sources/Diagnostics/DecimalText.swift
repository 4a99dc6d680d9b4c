/// Numbers as text, the same on every machine and in every language.
public enum DecimalText {
  /// A number with some digits after the point.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    guard value.magnitude * scale < 0x1p63 else { return "\(value)" }
    let scaled = Int64((value.magnitude * scale).rounded())
    let text = String(scaled)
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    let sign = value < 0 && scaled != 0 ? "-" : ""
    return digits == 0
      ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  /// A number with some digits that count, and at most 15 after the point.
  public static func significant(_ value: Double, _ count: Int) -> String {
    var (digits, scale) = (count - 1, value.magnitude)
    while scale < 1 && digits < 15 { (digits, scale) = (digits + 1, scale * 10) }
    while scale >= 10 && digits > 0 { (digits, scale) = (digits - 1, scale / 10) }
    return fixed(value, digits)
  }

  /// A number rounded to a whole one, its digits in groups of three; one beyond 63 bits as it is.
  public static func grouped(_ value: Double) -> String {
    Int(exactly: value.rounded()).map(grouped) ?? "\(value)"
  }

  /// A whole number, its digits in groups of three.
  public static func grouped(_ value: Int) -> String {
    var text = String(value.magnitude)
    var parts: [Substring] = []
    while text.count > 3 {
      parts.insert(text.suffix(3), at: 0)
      text.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([Substring(text)] + parts).joined(separator: ",")
  }
}
