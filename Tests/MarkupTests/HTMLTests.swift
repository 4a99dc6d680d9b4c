import Markup
import Testing

/// Nothing but the program's own markup comes out.
@Suite struct HTMLTests {
  @Test func `texts and attribute values are escaped`() {
    let hostile = #"<script>alert("1")</script>&'"#
    let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"
    #expect(HTML(hostile).text == escaped)
    let html = element("td", .class(hostile)) { hostile }
    #expect(html.text == "<td class=\"\(escaped)\">\(escaped)</td>\n")
  }

  @Test func `a mark that follows a bracket does not hide it`() {
    #expect(HTML("<\u{301}b>\u{FE0F}").text == "&lt;\u{301}b&gt;\u{FE0F}")
  }

  @Test func `control characters and changes of direction are shown, line feeds kept`() {
    #expect(HTML("a\u{202E}b\u{0}c\nd\r").text == "a\\u{202E}b\\u{0}c\nd\\u{D}")
  }

  @Test func `elements nest, empty ones have no end, attributes may be missing`() {
    let made = element("p", .id("a"), nil) {
      for word in ["x", "y"] { element("b") { word } }
      if HTML().isEmpty { "nothing" }
      element("br")
    }
    #expect(made.text == "<p id=\"a\"><b>x</b><b>y</b>nothing<br></p>\n")
  }

  @Test(arguments: [
    "http://example.org", "javascript:alert(1)", "https:/example.org", "https://",
    "data:text/html,x",
    "HTTPS://example.org", "https://exa mple.org", "https://example.org/\"x",
    "https://ex\u{430}mple.org",
    " https://example.org", "//example.org", "file:///etc/passwd",
  ])
  func `an address that is not plain https is no link`(address: String) {
    #expect(Link(https: address) == nil)
    #expect(!HTML.link(address).text.contains("<a"))
  }

  @Test func `addresses in a text become links, without what ends the sentence`() {
    let html = HTML.linked("see (https://a.example/x?a=1&b=2), https://b.example/y. <end> https://")
    let rel = "rel=\"external noreferrer\""
    #expect(
      html.text
        == "see (<a href=\"https://a.example/x?a=1&amp;b=2\" \(rel)>https://a.example/x?a=1&amp;b=2</a>"
        + "), <a href=\"https://b.example/y\" \(rel)>https://b.example/y</a>. &lt;end&gt; https://")
  }

  @Test func `a local link is never a scheme`() {
    #expect(element("a", .href(.local("javascript:x"))).text == "<a href=\"./javascript:x\"></a>")
  }

  @Test func `a page states a policy that allows its own script alone`() {
    let page = Document(
      title: "</title>", description: "\"", stylesheet: .local("a.css"),
      script: Document.Script("alert('hi')"), body: HTML())
    let text = page.html.text
    #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    #expect(text.contains("<title>&lt;/title&gt;</title>") && text.contains("content=\"&quot;\""))
    // printf "alert('hi')" | openssl dgst -sha256 -binary | base64
    #expect(
      text.contains("script-src &#39;sha256-XTqNqFSUlZHAW7f/OGNYSOEzxKhjdAAGMXoid2VEbJk=&#39;; "))
    #expect(text.contains("default-src &#39;none&#39;"))
  }
}
