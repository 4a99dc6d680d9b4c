import Diagnostics
import Testing

/// What a file put into a message cannot leave its line or move the cursor.
@Suite struct PlainTextTests {
  enum Code: String, FailureCode {
    case broken
    var kind: FailureKind { .badData }
  }

  @Test func `control characters and changes of direction are spelled out`() {
    #expect(PlainText.escaped("größe 張 ok") == "größe 張 ok")
    #expect(PlainText.escaped("a\nb\u{1B}[2Kc\u{7F}") == #"a\u{A}b\u{1B}[2Kc\u{7F}"#)
    #expect(PlainText.escaped("x\u{202E}y\u{2066}z\u{85}") == #"x\u{202E}y\u{2066}z\u{85}"#)
  }

  @Test func `a word of a command is one word to a shell, and nothing else`() {
    #expect(ShellWord.quoted("a/b_c-1.pth:x=y,z") == "'a/b_c-1.pth:x=y,z'")
    #expect(ShellWord.quoted("a/b_c-1.pth:x=y@2+%") == "a/b_c-1.pth:x=y@2+%")
    for word in ["$(touch x)", "a b", "~", "`id`", "a;b", "größe", "!!", ""] {
      #expect(ShellWord.quoted(word) == "'\(word)'")
    }
    #expect(ShellWord.quoted("it's") == #"'it'\''s'"#)
    #expect(ShellWord.path("-o") == "./-o" && ShellWord.path("- o") == "'./- o'")
  }

  @Test func `a failure is one line with place, name, expected and found`() {
    let failure = Failure<Code>(.broken, at: "file", expected: "this", found: "that\nbytes ok")
    #expect(failure.description == #"file: broken: expected this, found that\u{A}bytes ok"#)
    #expect(failure.exitCode == 65)
  }
}
