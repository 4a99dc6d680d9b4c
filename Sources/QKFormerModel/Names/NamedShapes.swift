/// Shapes of tensors by canonical path, as far as some code base's rules know their names.
///
/// It needs no configuration: what names and shapes alone say.
public struct NamedShapes: Sendable {
  /// By canonical path.
  public let shapes: [String: [Int]]

  /// The shapes of tensors by their names in a file, under the rules that know most of the names.
  public init(_ named: [String: [Int]]) {
    let readings = QKFormerConfiguration.nameTables.map { table in
      named.reduce(into: [String: [Int]]()) { shapes, tensor in
        guard let path = table.path(of: tensor.key) else { return }
        shapes[path] = tensor.value
      }
    }
    shapes = readings.max { $0.count < $1.count } ?? [:]
  }
}
