public import CheckpointFormat
import Concurrency
public import Digests
import FileAccess
import SpikeTensors

/// The tensors of a foreign file under its own names, and what they are without a configuration.
public struct ImportedTensors: Sendable {
  let named: [(name: String, tensor: Tensor)]
  let byName: [String: Tensor]
  private let hashing: Background<[String: Digest]>

  /// Takes the tensors in the order of the file, and begins to hash them: who writes a checkpoint
  /// waits for the digests last.
  init(_ named: [(name: String, tensor: Tensor)]) {
    self.named = named
    let byName = Dictionary(uniqueKeysWithValues: named.map { ($0.name, $0.tensor) })
    self.byName = byName
    hashing = Background { try byName.digests() }
  }

  /// SHA-256 of each tensor's elements, by its name in the file; waits until they are known.
  ///
  /// - Throws: nothing about the content.
  func digests() throws -> [String: Digest] { try hashing.value() }

  /// The weights-id of the tensors, whatever they are called; waits for their digests.
  ///
  /// - Throws: nothing about the content.
  public func weightsID() throws -> Digest {
    let digests = try digests()
    return ModelIdentity.weightsID(
      lines: named.filter { isIdentifying($0.name, $0.tensor) }.compactMap { name, tensor in
        digests[name].map { ModelIdentity.line(tensor, $0) }
      })
  }

  /// The prints of the tensors, whatever they are called; waits for their digests.
  ///
  /// - Throws: nothing about the content.
  public func prints() throws -> [TensorPrint] {
    let digests = try digests()
    return named.filter { isIdentifying($0.name, $0.tensor) }.compactMap { name, tensor in
      digests[name].map { TensorPrint(tensor.elementType, tensor.shape, $0) }
    }
  }

  /// What the file calls them.
  public var names: Set<String> { Set(named.map(\.name)) }

  /// Trained parameters, as papers print it: elements of all tensors but statistics and counters.
  public var parameterCount: Int {
    named.filter { isIdentifying($0.name, $0.tensor) && !$0.name.contains(".running_") }
      .reduce(0) { $0 + $1.tensor.count }
  }

  /// What the BatchNorm layers counted in training, if all agree.
  public var batchCounter: Int? {
    let counters = Set(
      named.filter { $0.name.hasSuffix("num_batches_tracked") }.map { $0.tensor.bytes.copy() })
    guard let bytes = counters.first, counters.count == 1, bytes.count == 8 else { return nil }
    return Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// Counters and thresholds of rank 0 are no weights.
  private func isIdentifying(_ name: String, _ tensor: Tensor) -> Bool {
    !name.hasSuffix("num_batches_tracked")
      && !(name.hasSuffix(".threshold") && tensor.shape.isEmpty)
  }
}
