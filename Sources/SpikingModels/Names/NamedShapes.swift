/// Tensors of a file as canonical ones, as far as some code base's rules know their names.
///
/// It needs no configuration: what names and shapes alone say.
public struct NamedShapes: Sendable {
  /// One canonical tensor: the whole of a file's tensor, or its part along axis 0.
  public struct Piece: Sendable, Equatable {
    /// Canonical path.
    public let path: String
    /// Canonical shape.
    public let shape: [Int]

    /// A canonical tensor.
    public init(path: String, shape: [Int]) {
      self.path = path
      self.shape = shape
    }
  }

  /// By name in the file, in their order along axis 0; only of names that the rules know.
  public let pieces: [String: [Piece]]
  /// Whether the rules know every name.
  public let isComplete: Bool

  /// The tensors by their names and shapes in a file, under the rules that know most of the names.
  public init(_ named: [String: [Int]], families: FamilyTable = .known) {
    let readings = families.nameTables.map { table in
      named.reduce(into: [String: [Piece]]()) { pieces, tensor in
        guard let (paths, rule) = table.paths(of: tensor.key),
          let shape = Self.part(of: tensor.value, among: paths.count)
        else { return }
        pieces[tensor.key] = paths.map { Piece(path: $0, shape: rule.canonical(shape)) }
      }
    }
    pieces = readings.reduce([:]) { $1.count > $0.count ? $1 : $0 }
    isComplete = pieces.count == named.count
  }

  /// Shapes by canonical path.
  public var shapes: [String: [Int]] {
    pieces.values.joined().reduce(into: [:]) { $0[$1.path] = $1.shape }
  }

  /// The shape of each of some parts side by side along axis 0; a number is each part's.
  private static func part(of shape: [Int], among parts: Int) -> [Int]? {
    guard let first = shape.first, parts > 1 else { return shape }
    guard first.isMultiple(of: parts) else { return nil }
    return [first / parts] + shape.dropFirst()
  }
}
