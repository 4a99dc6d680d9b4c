import Diagnostics

/// A condition on entries, as in `reported.top1>75 and availability=live`.
///
///     query      = conjunction { "or" conjunction }
///     conjunction = term { "and" term }
///     term       = "(" query ")" | "not" term | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
///
/// A value is a number, a word, or text between quotation marks; letter case does not matter. Where
/// a field has several values the comparison holds if it holds for one of them.
public struct EntryQuery: Sendable {
  private indirect enum Node: Sendable {
    case or(Node, Node)
    case and(Node, Node)
    case not(Node)
    case comparison(EntryField, Comparison, EntryField.Value)
  }

  private enum Comparison: String, Sendable {
    case equal = "="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
  }

  private let root: Node

  /// Reads a condition.
  ///
  /// - Throws: `ZooFailure` that names the place and, for a field, the choices.
  public init(_ text: String) throws {
    var parser = Parser(tokens: try Self.tokens(text), text: text)
    root = try parser.query()
    try parser.end()
  }

  /// Whether an entry meets the condition.
  public func matches(_ entry: ZooEntry) -> Bool { Self.holds(root, entry) }

  private static func holds(_ node: Node, _ entry: ZooEntry) -> Bool {
    switch node {
    case .or(let a, let b): holds(a, entry) || holds(b, entry)
    case .and(let a, let b): holds(a, entry) && holds(b, entry)
    case .not(let node): !holds(node, entry)
    case .comparison(let field, let comparison, let value):
      field.values(entry).contains { holds($0, comparison, value) }
    }
  }

  private static func holds(
    _ a: EntryField.Value, _ comparison: Comparison, _ b: EntryField.Value
  ) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): compare(a, comparison, b)
    case (.text(let a), .text(let b)): compare(a.lowercased(), comparison, b.lowercased())
    default: false
    }
  }

  private static func compare<Value: Comparable>(
    _ a: Value, _ comparison: Comparison, _ b: Value
  ) -> Bool {
    switch comparison {
    case .equal: a == b
    case .unequal: a != b
    case .less: a < b
    case .atMost: a <= b
    case .greater: a > b
    case .atLeast: a >= b
    }
  }
}

// MARK: Reading

extension EntryQuery {
  private enum Token: Equatable {
    case word(String)
    case quoted(String)
    case symbol(String)

    var text: String {
      switch self {
      case .word(let text), .quoted(let text), .symbol(let text): text
      }
    }
  }

  private static func tokens(_ text: String) throws -> [Token] {
    var tokens: [Token] = []
    var rest = Substring(text)
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if first == "\"" || first == "'" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: first) else {
          throw failure(text, expected: "a closing \(first)", found: "the end")
        }
        tokens.append(.quoted(String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      } else if let symbol = ["<=", ">=", "!=", "<", ">", "=", "(", ")"].first(where: {
        rest.hasPrefix($0)
      }) {
        tokens.append(.symbol(symbol))
        rest.removeFirst(symbol.count)
      } else {
        let word = rest.prefix { !$0.isWhitespace && !"<>=!()\"'".contains($0) }
        guard !word.isEmpty else {
          throw failure(text, expected: "a field, a comparison or a value", found: "`\(first)`")
        }
        tokens.append(.word(String(word)))
        rest.removeFirst(word.count)
      }
    }
    return tokens
  }

  private static func failure(_ text: String, expected: String, found: String) -> ZooFailure {
    ZooFailure(.query, at: "--where '\(text)'", expected: expected, found: found)
  }

  private struct Parser {
    /// The next token first.
    private var tokens: ArraySlice<Token>
    private let text: String
    private var depth = 0

    /// Nobody writes more brackets and `not` into each other.
    private static let mostDepth = 100

    init(tokens: [Token], text: String) {
      self.tokens = tokens[...]
      self.text = text
    }

    mutating func query() throws -> Node {
      var node = try conjunction()
      while take("or") { node = .or(node, try conjunction()) }
      return node
    }

    private mutating func conjunction() throws -> Node {
      var node = try term()
      while take("and") { node = .and(node, try term()) }
      return node
    }

    private mutating func term() throws -> Node {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.mostDepth else {
        throw failure(expected: "at most \(Self.mostDepth) levels of brackets and `not`")
      }
      if take("not") { return .not(try term()) }
      if tokens.first == .symbol("(") {
        tokens.removeFirst()
        let node = try query()
        guard tokens.first == .symbol(")") else { throw failure(expected: "`)`") }
        tokens.removeFirst()
        return node
      }
      return try comparison()
    }

    private mutating func comparison() throws -> Node {
      guard case .word(let name)? = tokens.first else { throw failure(expected: "a field") }
      guard let field = EntryField.named(name) else { throw unknownField(name) }
      tokens.removeFirst()
      guard case .symbol(let symbol)? = tokens.first, let comparison = Comparison(rawValue: symbol)
      else { throw failure(expected: "=, !=, <, <=, > or >= after \(name)") }
      tokens.removeFirst()
      return .comparison(field, comparison, try value(of: field))
    }

    private mutating func value(of field: EntryField) throws -> EntryField.Value {
      switch tokens.first {
      case .word(let word)? where field.isNumeric:
        guard let number = Double(word), number.isFinite else {
          throw failure(expected: "a number for \(field.name)")
        }
        tokens.removeFirst()
        return .number(number)
      case .word(let text)? where !field.isNumeric, .quoted(let text)? where !field.isNumeric:
        if let choices = field.choices, !choices.contains(text.lowercased()) {
          throw failure(expected: "one of \(choices.joined(separator: ", ")) for \(field.name)")
        }
        tokens.removeFirst()
        return .text(text)
      default: throw failure(expected: "a \(field.isNumeric ? "number" : "word") for \(field.name)")
      }
    }

    mutating func end() throws {
      guard tokens.isEmpty else { throw failure(expected: "`and`, `or` or the end") }
    }

    private mutating func take(_ word: String) -> Bool {
      guard case .word(let next)? = tokens.first, next.lowercased() == word else { return false }
      tokens.removeFirst()
      return true
    }

    private func failure(expected: String) -> ZooFailure {
      EntryQuery.failure(
        text, expected: expected, found: tokens.first.map { "`\($0.text)`" } ?? "the end")
    }

    private func unknownField(_ name: String) -> ZooFailure {
      let whose = Figure.Speaker.allCases.map { "\($0.rawValue).\(name)" }
      let isBare = EntryField.metrics.contains { $0.rawValue == name }
      let choices = isBare ? whose : EntryField.all.map(\.name)
      return EntryQuery.failure(
        text, expected: (isBare ? "whose figure: " : "a field: ") + choices.joined(separator: ", "),
        found: "`\(name)`")
    }
  }
}
