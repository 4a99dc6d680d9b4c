/// A name with variables in it, as in `stage{s}.{b}.{attention}.{u}_{part}`.
struct NamePattern: Sendable {
  /// What a variable stands for.
  typealias Values = [String: String]

  private enum Piece: Sendable {
    case literal(String)
    /// A variable and what it can be; `nil` for a number.
    case variable(String, [String]?)
  }

  private let pieces: [Piece]

  /// Parses a pattern; a variable without a list of choices is a number.
  init(_ text: String, choices: [String: [String]]) {
    pieces = text.split(separator: "{", omittingEmptySubsequences: false).enumerated()
      .flatMap { index, part -> [Piece] in
        guard index > 0 else { return [.literal(String(part))] }
        let name = String(part.prefix { $0 != "}" })
        let rest = part.dropFirst(name.count + 1)
        return [.variable(name, choices[name]), .literal(String(rest))]
      }
  }

  /// The variables' values, if a name begins as the pattern says and goes on with `separator` or ends;
  /// and what follows the separator.
  func match(_ name: String, before separator: Character) -> (values: Values, rest: Substring)? {
    Self.match(name[...], pieces[...], [:]).flatMap { values, rest in
      if rest.isEmpty { return (values, rest) }
      return rest.first == separator ? (values, rest.dropFirst()) : nil
    }
  }

  /// The name for some values; `nil` if one is missing or no choice of its variable.
  func name(_ values: Values) -> String? {
    var name = ""
    for piece in pieces {
      switch piece {
      case .literal(let text): name += text
      case .variable(let variable, let choices):
        guard let value = values[variable], choices?.contains(value) ?? true else { return nil }
        name += value
      }
    }
    return name
  }

  private static func match(
    _ name: Substring, _ pieces: ArraySlice<Piece>, _ values: Values
  ) -> (Values, Substring)? {
    guard let piece = pieces.first else { return (values, name) }
    switch piece {
    case .literal(let text):
      guard name.hasPrefix(text) else { return nil }
      return match(name.dropFirst(text.count), pieces.dropFirst(), values)
    case .variable(let variable, let choices):
      let number = String(name.prefix { $0.isASCII && $0.isNumber })
      for value in choices ?? [number] where !value.isEmpty && name.hasPrefix(value) {
        let values = values.merging([variable: value]) { _, new in new }
        if let found = match(name.dropFirst(value.count), pieces.dropFirst(), values) {
          return found
        }
      }
      return nil
    }
  }
}
