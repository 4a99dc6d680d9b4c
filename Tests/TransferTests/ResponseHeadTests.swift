import Testing
import Transfer

/// Status lines and fields.
@Suite struct ResponseHeadTests {
  private func head(_ lines: String...) -> ResponseHead {
    var head = ResponseHead()
    for line in ["HTTP/1.1 206 Partial"] + lines { _ = head.take(line) }
    return head
  }

  @Test(arguments: [
    ("bytes 0-9/10", 0..<10, 10), ("bytes 5-9/10", 5..<10, 10), ("Bytes 5-5/*", 5..<6, nil),
  ]) func `content ranges are read`(_ text: String, _ range: Range<Int>, _ total: Int?) throws {
    let found = try #require(head("Content-Range:  \(text) ").contentRange)
    #expect(found.range == range && found.total == total)
  }

  @Test(arguments: [
    "bytes 9-5/10", "bytes 5-10/10", "bytes -5/10", "bytes 5-/10", "bytes 5-9", "bytes 5-9/10/11",
    "bytes */10", "items 0-9/10", "bytes 0-99999999999999999999/10", "bytes +0-9/10", "bytes 0-9/x",
    "bytes 0-9223372036854775807/*", "",
  ]) func `wrong ones are not`(_ text: String) {
    #expect(head("Content-Range: \(text)").contentRange == nil)
  }

  @Test func `a head ends with the last status, not with an announcement`() {
    var head = ResponseHead()
    let lines = [
      "HTTP/1.1 100 Continue", "ETag: \"old\"", "", "HTTP/1.1 200 OK", "Content-Length: 12", "",
    ]
    let ends = lines.map { head.take($0) }
    #expect(ends == [false, false, false, false, false, true])
    #expect(head.status == 200 && head["etag"] == nil && head.contentLength == 12)
  }

  @Test func `numbers are digits`() {
    for text in ["-1", "+1", "1e3", "0x10", "", "99999999999999999999"] {
      #expect(head("Content-Length: \(text)", "Retry-After: \(text)").contentLength == nil)
      #expect(head("Retry-After: \(text)").retryAfter == nil)
    }
  }

  @Test func `only plain bodies are plain`() {
    #expect(head().isPlain && head("Content-Encoding: Identity").isPlain)
    #expect(!head("Content-Encoding: gzip").isPlain)
  }
}
