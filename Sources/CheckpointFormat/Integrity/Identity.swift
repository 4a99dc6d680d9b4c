import CanonicalJSON
import Concurrency
public import Digests
import FileAccess
public import SpikeTensors
public import SpikingModels

/// The two identities of a model, computed from its content and from nothing else.
///
/// They do not depend on container, layout, compression or order. Both leave out
/// `num_batches_tracked`, which changes nothing that the model computes.
///
/// Corresponds to schemas/v1/FORMAT.md, "Identity".
public struct ModelIdentity: Sendable, Equatable {
  /// Recognises the weights in any container under any naming.
  public let weightsID: Digest
  /// The model: configuration and weights at their paths; the one to cite.
  public let modelID: Digest

  /// Computes both from the digests of the tensors by path.
  public init(
    configuration: ModelConfiguration, tensors: [String: Tensor], digests: [String: Digest]
  ) {
    let lines = NetworkPlan(configuration).parameters.filter(\.role.isIdentifying)
      .compactMap { specification -> (path: String, line: String)? in
        guard let tensor = tensors[specification.path], let digest = digests[specification.path]
        else { return nil }
        return (specification.path, Self.line(tensor, digest))
      }
    weightsID = Self.weightsID(lines: lines.map(\.line))
    modelID = Self.digest(
      "qkzoo-model-1\n" + configuration.json.canonicalText + "\n",
      lines.map { "\($0.path) \($0.line)" })
  }

  /// The weights-id of tensor lines in any order.
  public static func weightsID(lines: [String]) -> Digest {
    digest("qkzoo-weights-1\n", lines)
  }

  /// One tensor's line: `f32 [384,384,1] <sha256>`.
  public static func line(_ tensor: Tensor, _ digest: Digest) -> String {
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    return "\(tensor.elementType.rawValue) [\(shape)] \(digest.hex)"
  }

  /// SHA-256 of a prefix and the lines, sorted bytewise, each with a line feed.
  private static func digest(_ prefix: String, _ lines: [String]) -> Digest {
    let sorted = lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return SHA256.digest(of: prefix + sorted.map { $0 + "\n" }.joined())
  }
}

extension Checkpoint {
  /// The identities, from the tensors' bytes.
  ///
  /// - Throws: nothing about the content.
  public func identity() throws -> ModelIdentity {
    ModelIdentity(
      configuration: configuration, tensors: parameters, digests: try digests())
  }
}

extension [String: Tensor] {
  /// SHA-256 of every tensor's elements, on all cores.
  public func digests() throws -> [String: Digest] {
    [String: Digest](uniqueKeysWithValues: zip(keys, try Array(values).digests()))
  }
}

extension [Tensor] {
  /// SHA-256 of each tensor's elements, on all cores.
  public func digests() throws -> [Digest] {
    try concurrentMap { tensor in
      let digest = SHA256.digest(of: tensor.bytes)
      tensor.bytes.releasePages()
      return digest
    }
  }
}
