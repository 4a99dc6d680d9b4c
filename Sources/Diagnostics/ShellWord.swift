/// Words of a command that a message tells its reader to paste into a shell.
public enum ShellWord {
  /// The word as a shell takes it: in single quotes, unless it has only letters, digits and marks that
  /// mean nothing there.
  public static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "._/+=:@%-".utf8.contains(byte)
      }
    }
    guard !isPlain || word.isEmpty else { return word }
    if word.unicodeScalars.contains(where: PlainText.acts) { return ansiQuoted(word) }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: #"'\''"#) + "'"
  }

  /// The word between `$'` and `'`, as bash, ksh and zsh take it: what could act on a terminal is written
  /// byte by byte.
  private static func ansiQuoted(_ word: String) -> String {
    let parts = word.unicodeScalars.map { scalar -> String in
      switch scalar {
      case "'", "\\": "\\\(scalar)"
      case _ where PlainText.acts(scalar):
        String(scalar).utf8.map { byte in
          "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
      default: String(scalar)
      }
    }
    return "$'" + parts.joined() + "'"
  }

  /// The same of a path, which must not be taken for an option.
  public static func path(_ path: String) -> String {
    quoted(path.hasPrefix("-") ? "./" + path : path)
  }
}
