/// Text that a terminal may be given: words of the program, and texts from outside with everything
/// escaped that could act on a terminal or pass for the program's own lines.
///
/// A literal is the program's: its line feeds stay. Whatever is interpolated is escaped, but for other
/// printed text. Nothing else makes one, and the program prints nothing else, so that the compiler finds
/// a name from outside that would reach a terminal as it is.
public struct PrintedText: Sendable, Equatable {
  /// The text, safe to print.
  public let string: String

  /// Takes a text whose every part is safe; the caller says why.
  package init(trusted string: String) { self.string = string }

  /// A text from outside, on one line.
  public init(escaping text: some StringProtocol) { string = PlainText.escaped(String(text)) }

  /// A text of several lines, each escaped: usage and help, which quote what was typed.
  public init(escapingLinesOf text: some StringProtocol) {
    string = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { PlainText.escaped(String($0)) }.joined(separator: "\n")
  }
}

extension PrintedText: ExpressibleByStringInterpolation {
  /// A literal of the program and what is put into it.
  public struct StringInterpolation: StringInterpolationProtocol, Sendable {
    fileprivate var string = ""

    /// Begins empty.
    public init(literalCapacity: Int, interpolationCount: Int) {
      string.reserveCapacity(literalCapacity)
    }

    /// Words of the program.
    public mutating func appendLiteral(_ literal: StaticString) { string += "\(literal)" }

    /// Text that is safe already.
    public mutating func appendInterpolation(_ text: PrintedText) { string += text.string }

    /// Anything else, escaped.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      string += PlainText.escaped(value.description)
    }

    /// The elements of an array as Swift writes them, escaped.
    public mutating func appendInterpolation(_ values: [some CustomStringConvertible]) {
      string += PlainText.escaped("\(values)")
    }
  }

  /// Words of the program.
  public init(stringLiteral literal: StaticString) { string = "\(literal)" }

  /// Words of the program and what was put into them.
  public init(stringInterpolation: StringInterpolation) { string = stringInterpolation.string }
}

extension PrintedText {
  /// Nothing.
  public static let empty: PrintedText = ""

  /// Whether there is nothing to print.
  public var isEmpty: Bool { string.isEmpty }

  /// Characters, as columns count them.
  public var count: Int { string.count }

  /// One text behind the other.
  public static func + (left: PrintedText, right: PrintedText) -> PrintedText {
    PrintedText(trusted: left.string + right.string)
  }

  /// Appends a text.
  public static func += (left: inout PrintedText, right: PrintedText) { left = left + right }

  /// The text and as many spaces as make it a column of some width.
  public func padded(to width: Int) -> PrintedText {
    PrintedText(trusted: string + String(repeating: " ", count: max(0, width - count)))
  }

  /// The same text some number of times.
  public static func repeating(_ text: PrintedText, _ count: Int) -> PrintedText {
    PrintedText(trusted: String(repeating: text.string, count: count))
  }
}

extension Sequence<PrintedText> {
  /// The texts with another between them.
  public func joined(separator: PrintedText = "") -> PrintedText {
    PrintedText(trusted: map(\.string).joined(separator: separator.string))
  }
}
