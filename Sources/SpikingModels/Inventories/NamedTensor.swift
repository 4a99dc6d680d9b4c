public import SpikeTensors

/// What a tensor of some name must be.
public struct ExpectedTensor: Sendable, CustomStringConvertible {
  /// Canonical path, or the name in a state dict.
  public let name: String
  /// The shape.
  public let shape: [Int]
  /// The element types that it may have.
  public let elementTypes: [ElementType]

  /// As in `f32 or f16 [384, 384, 1]`.
  public var description: String {
    "\(elementTypes.map(\.rawValue).joined(separator: " or ")) \(shape)"
  }
}

extension ParameterSpecification {
  /// What must stand under its path.
  public var expected: ExpectedTensor {
    ExpectedTensor(name: path, shape: shape, elementTypes: elementTypes)
  }
}

/// One tensor as a code base has it: a canonical tensor, or several side by side along axis 0.
public struct NamedTensor: Sendable {
  /// Its name in the state dict.
  public let name: String
  /// Its shape there.
  public let shape: [Int]
  /// The canonical tensors, in their order along axis 0; never empty.
  public let parts: [ParameterSpecification]

  /// What it is for.
  public var role: ParameterRole { parts[0].role }
  /// The element types it may have.
  public var elementTypes: [ElementType] { parts[0].elementTypes }

  /// What must stand under its name.
  public var expected: ExpectedTensor {
    ExpectedTensor(name: name, shape: shape, elementTypes: elementTypes)
  }

  /// Whether a shape is the code base's, but for axes of length one at the end of a weight.
  public func accepts(_ found: [Int]) -> Bool {
    func trimmed(_ shape: [Int]) -> [Int] {
      var shape = shape
      while shape.count > 2 && shape.last == 1 { shape.removeLast() }
      return shape
    }
    return shape.count > 1 && found.count > 1 && trimmed(shape) == trimmed(found)
  }

  private init(_ parts: [ParameterSpecification]) {
    self.parts = parts
    name = parts[0].upstreamName
    let rows = parts.reduce(0) { $0 + ($1.upstreamShape.first ?? 0) }
    let shape = parts[0].upstreamShape
    // A counter has no axis along which it could be joined: it is every part's.
    self.shape = shape.isEmpty ? [] : [rows] + shape.dropFirst()
  }

  /// Tensors in the order of their first parts.
  static func joining(_ specifications: [ParameterSpecification]) -> [NamedTensor] {
    var order: [String] = []
    var parts: [String: [ParameterSpecification]] = [:]
    for specification in specifications {
      if parts[specification.upstreamName] == nil { order.append(specification.upstreamName) }
      parts[specification.upstreamName, default: []].append(specification)
    }
    return order.compactMap { parts[$0].map(NamedTensor.init) }
  }
}
