/// An attribute of an element; its value is escaped.
public struct Attribute: Sendable {
  let markup: String

  /// A name and its value. Addresses go through `href`; handlers and inline styles have no place.
  public init(_ name: StaticString, _ value: String) {
    let name = "\(name)"
    precondition(
      !Self.guarded.contains(name) && !name.hasPrefix("on"), "\(name) may not be set by hand")
    self.init(checked: name, value)
  }

  private init(checked name: String, _ value: String) {
    markup = name + "=\"" + HTML.escape(value) + "\""
  }

  private static let guarded: Set<String> = [
    "action", "data", "formaction", "href", "http-equiv", "src", "srcdoc", "style", "xlink:href",
  ]

  /// The name that fragments and labels refer to; once in a page.
  public static func id(_ value: String) -> Attribute { Attribute("id", value) }

  /// What the style sheet calls it.
  public static func `class`(_ value: String) -> Attribute { Attribute("class", value) }

  /// Where a link leads.
  public static func href(_ link: Link) -> Attribute { Attribute(checked: "href", link.target) }

  /// Which directive a `meta` element gives to the browser.
  static func directive(_ value: String) -> Attribute { Attribute(checked: "http-equiv", value) }
}

/// The target of a link: a page of the same site, a place in the page, or an `https:` address.
public struct Link: Sendable, Equatable {
  let target: String

  private init(target: String) { self.target = target }

  /// A file of the same site, relative to the page; never read as a scheme.
  public static func local(_ path: String) -> Link { Link(target: "./" + path) }

  /// An element of the same page.
  public static func fragment(_ id: String) -> Link { Link(target: "#" + id) }

  /// An address of printable ASCII characters that begins with `https://`; `nil` for any other.
  public init?(https address: String) {
    guard address.hasPrefix(Self.scheme), address.utf8.count > Self.scheme.utf8.count,
      address.unicodeScalars.allSatisfy(Self.isPlain)
    else { return nil }
    target = address
  }

  static let scheme = "https://"

  /// Whether an address may hold a character as it stands.
  static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\"", "'", "<", ">", "\\", "^", "`", "{", "|", "}": false
    default: (0x21...0x7E).contains(scalar.value)
    }
  }
}

extension HTML {
  /// A text in which `https:` addresses are links.
  public static func linked(_ text: String) -> HTML {
    var pieces: [HTML] = []
    var rest = Substring(text)
    while let start = rest.firstRange(of: Link.scheme) {
      let tail = rest[start.lowerBound...].unicodeScalars
      var address = String(
        Substring(tail.prefix { Link.isPlain($0) && $0 != "(" && $0 != ")" }))
      while let last = address.last, ".,;:!?".contains(last) { address.removeLast() }
      pieces.append(HTML(String(rest[..<start.lowerBound])))
      pieces.append(link(address))
      rest = rest[start.lowerBound...].dropFirst(address.count)
    }
    return HTML(pieces + [HTML(String(rest))])
  }

  /// An address as a link to itself if it is `https:`, else as text.
  public static func link(_ address: String) -> HTML {
    guard let link = Link(https: address) else { return HTML(address) }
    return element("a", .href(link), Attribute("rel", "external noreferrer")) { address }
  }
}
