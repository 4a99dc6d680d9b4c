import Diagnostics

/// A piece of HTML or SVG whose texts were escaped when it was made.
///
/// There is no way to put unescaped text into it: elements and attributes have names of the
/// program, and everything else goes through `escape`.
public struct HTML: Sendable, Equatable {
  /// The markup.
  public let text: String

  /// Markup that is known to be such.
  init(markup: String) { text = markup }

  /// Nothing.
  public init() { text = "" }

  /// A text; line feeds are kept, other control characters and those that change the direction of
  /// writing are shown by their code.
  public init(_ text: String) { self.text = Self.escape(text) }

  /// Pieces one after the other.
  public init(_ pieces: [HTML]) { text = pieces.map(\.text).joined() }

  /// Whether there is nothing in it.
  public var isEmpty: Bool { text.isEmpty }

  /// Text that means itself between tags and between quotation marks.
  static func escape(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var result = ""
    for scalar in lines.map({ PlainText.escaped(String($0)) }).joined(separator: "\n")
      .unicodeScalars
    {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// An element with attributes; those that are `nil` are left out.
public func element(
  _ name: StaticString, _ attributes: Attribute?..., @HTMLBuilder content: () -> HTML = { HTML() }
) -> HTML {
  let name = "\(name)"
  let start = "<" + name + attributes.compactMap { $0.map { " " + $0.markup } }.joined() + ">"
  let space = HTML.inlineElements.contains(name) ? "" : "\n"
  if HTML.voidElements.contains(name) { return HTML(markup: start + space) }
  return HTML(markup: start + content().text + "</" + name + ">" + space)
}

extension HTML {
  /// Elements without content.
  fileprivate static let voidElements: Set<String> = ["br", "hr", "link", "meta", "wbr"]

  /// Elements after which a line feed would show.
  fileprivate static let inlineElements: Set<String> = [
    "a", "abbr", "b", "br", "button", "code", "data", "em", "kbd", "span", "strong", "tspan", "var",
    "wbr",
  ]
}

/// Collects pieces of HTML, and texts, one after the other.
@resultBuilder
public enum HTMLBuilder {
  /// A piece.
  public static func buildExpression(_ piece: HTML) -> HTML { piece }
  /// A text, which is escaped.
  public static func buildExpression(_ text: String) -> HTML { HTML(text) }
  /// Perhaps a piece.
  public static func buildExpression(_ piece: HTML?) -> HTML { piece ?? HTML() }
  /// Pieces in order.
  public static func buildBlock(_ pieces: HTML...) -> HTML { HTML(pieces) }
  /// The pieces of a loop.
  public static func buildArray(_ pieces: [HTML]) -> HTML { HTML(pieces) }
  /// What stands under a condition.
  public static func buildOptional(_ piece: HTML?) -> HTML { piece ?? HTML() }
  /// One alternative.
  public static func buildEither(first piece: HTML) -> HTML { piece }
  /// The other.
  public static func buildEither(second piece: HTML) -> HTML { piece }
}
