public import Digests
public import SpikeTensors
import SpikingModels

/// What a tensor is, without its name: enough to find it again in another model.
public struct TensorPrint: Sendable, Hashable {
  /// The type of its elements.
  public let elementType: ElementType
  /// Its shape.
  public let shape: [Int]
  /// SHA-256 of its elements.
  public let digest: Digest

  /// A print from its parts.
  public init(_ elementType: ElementType, _ shape: [Int], _ digest: Digest) {
    self.elementType = elementType
    self.shape = shape
    self.digest = digest
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
}

extension Checkpoint {
  /// The prints of all tensors that are part of the model's identity.
  ///
  /// - Throws: nothing about the content.
  public func prints() throws -> [TensorPrint] { prints(try digests()) }

  /// The same from digests that somebody has recorded.
  public func prints(_ digests: [String: Digest]) -> [TensorPrint] {
    plan.parameters.filter(\.role.isIdentifying).compactMap { specification in
      guard let tensor = parameters[specification.path], let digest = digests[specification.path]
      else { return nil }
      return TensorPrint(tensor.elementType, tensor.shape, digest)
    }
  }
}
