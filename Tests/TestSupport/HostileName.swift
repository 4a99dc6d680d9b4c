/// Names that act on a terminal, or pass for lines of the program's own.
public enum HostileName {
  private static let pieces: [String] = [
    "\n", "\r", "\t", "\u{1B}[8m", "\u{1B}]0;x\u{7}", "\u{9B}31m", "\u{85}", "\u{2028}",
    "\u{202E}", "\u{2066}", "\u{200F}", "\u{7F}", "\u{8}", "signature   ok", "a", "b ", "é", "漢",
    "'", "\"", "\\", "$", "`", "%", "-", ".",
  ]

  /// A name of some pieces; no slash, no NUL, and short enough for a file.
  public static func random(_ random: inout RepeatableRandom) -> String {
    let count = Int.random(in: 1...8, using: &random)
    let name = (0..<count).map { _ in
      Bool.random(using: &random)
        ? pieces[Int.random(in: 0..<pieces.count, using: &random)] : String(scalar(&random))
    }
    return "n" + name.joined()
  }

  /// Half of them controls.
  private static func scalar(_ random: inout RepeatableRandom) -> Unicode.Scalar {
    let value = UInt32.random(
      in: Bool.random(using: &random) ? 1...0x9F : 0xA0...0x2FFF, using: &random)
    let scalar = Unicode.Scalar(value) ?? "x"
    return scalar == "/" ? "x" : scalar
  }

  /// Whether a text on a terminal is only shown: no controls but the line feed, no change of the
  /// direction of writing.
  public static func isHarmless(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control: scalar == "\n"
      case .format: !(0x200E...0x2069).contains(scalar.value) && scalar.value != 0x061C
      case .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
  }
}
