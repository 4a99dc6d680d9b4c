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
    var values: Values = [:]
    guard let end = Self.match(name[...].utf8, pieces[...], &values) else { return nil }
    let rest = Substring(end)
    if rest.isEmpty { return (values, rest) }
    return rest.first == separator ? (values, rest.dropFirst()) : nil
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

  /// What is left of a name behind the pieces; compared byte by byte, since importers name thousands of
  /// tensors.
  private static func match(
    _ name: Substring.UTF8View, _ pieces: ArraySlice<Piece>, _ values: inout Values
  ) -> Substring.UTF8View? {
    guard let piece = pieces.first else { return name }
    switch piece {
    case .literal(let text):
      guard name.starts(with: text.utf8) else { return nil }
      return match(name.dropFirst(text.utf8.count), pieces.dropFirst(), &values)
    case .variable(let variable, let choices):
      let number = String(Substring(name.prefix { (0x30...0x39).contains($0) }))
      for value in choices ?? [number] where !value.isEmpty && name.starts(with: value.utf8) {
        let rest = name.dropFirst(value.utf8.count)
        if let end = match(rest, pieces.dropFirst(), &values) {
          values[variable] = value
          return end
        }
      }
      return nil
    }
  }
}
