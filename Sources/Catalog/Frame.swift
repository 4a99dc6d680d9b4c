import CheckpointFormat
package import Markup
import ModelZoo

/// A page and where it is.
struct Page {
  let path: String
  let document: Document
}

/// What all pages share: the way to the content, navigation, the end.
package enum Frame {
  static let index = "index.html"
  static let batchLeak = "batch-leak.html"
  static let stylesheet = "catalog.css"
  /// The folder of the entries' pages.
  static let entries = "entries"
  static let suffix = ".html"

  /// Where an entry's page is, relative to the site.
  static func path(of entry: ZooEntry) -> String { entries + "/" + entry.name + suffix }

  /// A page with some content; `path` is relative to the site.
  static func page(
    _ path: String, title: String, description: String, script: Document.Script? = nil,
    @HTMLBuilder content: () -> HTML
  ) -> Page {
    let up = path.contains("/") ? "../" : ""
    let content = content()
    return Page(
      path: path,
      document: Document(
        title: title, description: description, stylesheet: .local(up + stylesheet),
        script: script,
        body: HTML([
          element("a", .class("skip"), .href(.fragment("content"))) { "Skip to the content" },
          header(path, up),
          element("main", .id("content"), Attribute("tabindex", "-1")) { content },
          footer,
        ])))
  }

  private static func header(_ path: String, _ up: String) -> HTML {
    element("header", .class("site")) {
      element("nav", Attribute("aria-label", "Site")) {
        element("ul") {
          for (target, name) in [(index, "QKFormer model zoo"), (batchLeak, "The batch leak")] {
            element("li") {
              element(
                "a", .href(.local(up + target)),
                path == target ? Attribute("aria-current", "page") : nil
              ) { name }
            }
          }
        }
      }
    }
  }

  private static var footer: HTML {
    element("footer", .class("site")) {
      element("p") {
        "Made by "
        element("code") { "qkzoo catalog" }
        ", qkzoo \(FormatVersion.software). Figures belong to those who state them; nothing is averaged."
      }
    }
  }

  /// A part of a page under a heading.
  package static func section(
    _ id: String, _ title: String, @HTMLBuilder content: () -> HTML
  ) -> HTML {
    element("section", Attribute("aria-labelledby", id)) {
      element("h2", .id(id)) { title }
      content()
    }
  }

  /// Names and what they stand for.
  package static func definitions(_ pairs: [(String, HTML)]) -> HTML {
    element("dl") {
      for (name, value) in pairs {
        element("div") {
          element("dt") { name }
          element("dd") { value }
        }
      }
    }
  }

  /// Commands or other text as it is typed.
  package static func code(_ text: String, label: String) -> HTML {
    element(
      "pre", Attribute("tabindex", "0"), Attribute("role", "region"),
      Attribute("aria-label", label)
    ) {
      element("code") { text }
    }
  }

  /// A paragraph.
  package static func paragraph(_ text: String) -> HTML { element("p") { text } }
}
