import Diagnostics
import Testing

/// Texts from outside in a message.
@Suite struct ExcerptTests {
  private enum Code: String, FailureCode {
    case any = "any-failure"
    var kind: FailureKind { .badData }
  }

  @Test func `a short text stays as it is, a long one is cut and its size is said`() {
    #expect(PlainText.excerpt("short") == "short")
    let limit = PlainText.excerptLimit
    let fitting = String(repeating: "a", count: limit)
    #expect(PlainText.excerpt(fitting) == fitting)
    #expect(PlainText.excerpt(fitting + "b") == fitting + "... (\(limit + 1) bytes)")
  }

  @Test(arguments: ["a", "\u{301}", "\u{1F468}\u{200D}", "\r\n", "\u{1B}[31m"])
  func `a text is cut however many scalars make a character`(_ part: String) {
    let cut = PlainText.excerpt("e" + String(repeating: part, count: 100_000))
    #expect(cut.unicodeScalars.count <= PlainText.excerptLimit + 30)
    #expect(cut.hasSuffix("bytes)"))
  }

  @Test func `a failure has a bound whatever is put into it`() {
    let long = String(repeating: "\u{301}", count: 1_000_000)
    let failure = Failure(Code.any, at: long, expected: long, found: long)
    #expect(failure.description.unicodeScalars.count < 3 * Failure<Code>.textLimit + 200)
    let path = "/" + String(repeating: "p", count: 4095)
    #expect(Failure(Code.any, at: path, expected: "x", found: "y").place == path)
  }
}
