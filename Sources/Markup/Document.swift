import Digests

/// A whole page. It loads its style sheet, if that is not part of it, and nothing else: the policy
/// that it states forbids other addresses, forms, and scripts but its own.
public struct Document: Sendable {
  /// What the browser's window is called.
  public var title: String
  /// One sentence for those who search.
  public var description: String
  /// The style sheet.
  public var stylesheet: Stylesheet
  /// What the page improves itself with, if anything; it can be read without.
  public var script: Script?
  /// The content.
  public var body: HTML

  /// A script that is part of the program: no text of a file gets into it.
  public struct Script: Sendable {
    let text: String

    /// A script; it may not contain `</`.
    public init(_ text: StaticString) {
      self.text = "\(text)"
      precondition(!self.text.contains("</"), "a script may not end its element")
    }

    /// What a policy allows.
    var source: String { Document.hash(text) }
  }

  /// Where a page's style sheet is.
  public enum Stylesheet: Sendable {
    /// In a file of the same site.
    case linked(Link)
    /// In the page. The text is the program's and may not contain `</`.
    case inline(String)
  }

  /// Names the parts of a page.
  public init(
    title: String, description: String, stylesheet: Link, script: Script? = nil, body: HTML
  ) {
    self.init(
      title: title, description: description, style: .linked(stylesheet), script: script,
      body: body)
  }

  /// Names the parts of a page.
  public init(
    title: String, description: String, style: Stylesheet, script: Script? = nil, body: HTML
  ) {
    if case .inline(let text) = style {
      precondition(!text.contains("</"), "a style sheet may not end its element")
    }
    self.title = title
    self.description = description
    self.stylesheet = style
    self.script = script
    self.body = body
  }

  /// The page.
  public var html: HTML {
    let root = element("html", Attribute("lang", "en")) {
      element("head") { head }
      element("body") {
        body
        script.map { HTML(markup: "<script>" + $0.text + "</script>\n") }
      }
    }
    return HTML(markup: "<!DOCTYPE html>\n" + root.text)
  }

  @HTMLBuilder private var head: HTML {
    element("meta", Attribute("charset", "utf-8"))
    element("meta", .directive("Content-Security-Policy"), Attribute("content", policy))
    element(
      "meta", Attribute("name", "viewport"), Attribute("content", "width=device-width"))
    element("meta", Attribute("name", "color-scheme"), Attribute("content", "light dark"))
    element("meta", Attribute("name", "description"), Attribute("content", description))
    element("title") { title }
    switch stylesheet {
    case .linked(let link): element("link", Attribute("rel", "stylesheet"), .href(link))
    case .inline(let text): HTML(markup: "<style>" + text + "</style>\n")
    }
  }

  private var policy: String {
    let scripts = script.map { "script-src \($0.source); " } ?? ""
    return "default-src 'none'; style-src \(stylesheet.source); \(scripts)base-uri 'none'; "
      + "form-action 'none'"
  }
}

extension Document.Stylesheet {
  /// What a policy allows. `file:` stands beside `'self'` so that the page also works when it is
  /// opened as a file.
  fileprivate var source: String {
    switch self {
    case .linked: "'self' file:"
    case .inline(let text): Document.hash(text)
    }
  }
}

extension Document {
  /// The SHA-256 of a text, as a policy names it. Corresponds to CSP 3, hash-source.
  fileprivate static func hash(_ text: String) -> String {
    "'sha256-" + Base64.text(SHA256.digest(of: Array(text.utf8)).bytes) + "'"
  }
}
