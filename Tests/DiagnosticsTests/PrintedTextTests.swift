import CanonicalJSON
import Diagnostics
import TestSupport
import Testing

@Suite struct PrintedTextTests {
  @Test func `literals keep their line feeds, what is put into them does not`() {
    let name = "a\nsignature   ok\u{1B}[8m"
    let text: PrintedText = "model \(name)\nbytes ok"
    #expect(text.string == "model a\\u{A}signature   ok\\u{1B}[8m\nbytes ok")
    let twice: PrintedText = "\(text), \(3), \(["x\r"])"
    #expect(twice.string == text.string + ", 3, [\"x\\r\"]")
  }

  @Test func `texts of several lines keep the lines alone`() {
    #expect(PrintedText(escapingLinesOf: "Usage:\n  \u{9B}31m").string == "Usage:\n  \\u{9B}31m")
  }

  /// Every scalar that acts on a terminal, and a sample of the others.
  @Test func `no text and no JSON has a scalar that acts on a terminal`() throws {
    var random = RepeatableRandom(seed: 7)
    for _ in 0..<500 {
      let name = HostileName.random(&random)
      let text: PrintedText = "\(name)"
      #expect(HostileName.isHarmless(text.string), "\(text)")
      let printed = PrintedText(.object([name: .string(name)])).string
      #expect(HostileName.isHarmless(printed), "\(printed)")
      #expect(try JSON(parsing: Array(printed.utf8), at: "text") == .object([name: .string(name)]))
    }
  }

  @Test func `columns and joined texts are of escaped cells`() {
    let cells = ["a\u{7}", "b"].map { PrintedText(escaping: $0) }
    #expect(cells.joined(separator: "\n").string == "a\\u{7}\nb")
    #expect(cells[1].padded(to: 3).string == "b  ")
    #expect(PrintedText.repeating("=", 3) + "." == "===.")
  }
}
