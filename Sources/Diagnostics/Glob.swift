/// A pattern of paths: `*` stands for any characters, slashes too, and `?` for one.
public struct Glob: Sendable {
  /// The text of the pattern.
  public let pattern: String
  private let characters: [Character]

  /// Every text is a pattern.
  public init(_ pattern: String) {
    self.pattern = pattern
    characters = Array(pattern)
  }

  /// Whether the pattern describes a path, or a folder above it.
  public func matches(_ path: String) -> Bool {
    Self.withFolders(path).contains { distance(to: $0) == 0 }
  }

  /// The paths and folders that are nearest to the pattern, nearest first, none further off than some
  /// edits.
  public func nearest(_ paths: [String], count: Int, within edits: Int = .max) -> [String] {
    var seen: Set<String> = []
    let candidates = paths.flatMap(Self.withFolders).filter { seen.insert($0).inserted }
    let ranked = candidates.map { (path: $0, distance: distance(to: $0)) }
      .filter { $0.distance <= edits }.enumerated()
    return ranked.sorted {
      ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset)
    }.prefix(count).map(\.element.path)
  }

  /// A path, and every folder above it.
  private static func withFolders(_ path: String) -> [String] {
    let parts = path.split(separator: "/")
    return parts.indices.reversed().map { parts[...$0].joined(separator: "/") }
  }

  /// How many characters must be inserted, removed or changed until the pattern describes a path.
  ///
  /// Corresponds to the Levenshtein distance, where a star costs nothing.
  private func distance(to path: String) -> Int {
    var row = [0]
    let path = Array(path)
    row += path.indices.map { $0 + 1 }
    for character in characters {
      var next = [row[0] + (character == "*" ? 0 : 1)]
      for (index, other) in path.enumerated() {
        let (above, left, both) = (row[index + 1], next[index], row[index])
        let same = character == other || character == "?"
        next.append(
          character == "*"
            ? min(above, left) : min(above + 1, left + 1, both + (same ? 0 : 1)))
      }
      row = next
    }
    return row[path.count]
  }
}
