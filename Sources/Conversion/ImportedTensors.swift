public import CheckpointFormat
import Concurrency
public import Digests
import FileAccess
import SpikeTensors
import SpikingModels

/// The tensors of a foreign file under its own names, and what they are without a configuration.
public struct ImportedTensors: Sendable {
  /// A part of a file's tensor along axis 0.
  struct Part: Hashable {
    let name: String
    let index: Int
  }

  let named: [(name: String, tensor: Tensor)]
  let byName: [String: Tensor]
  /// What names and shapes alone say.
  let reading: NamedShapes
  /// The tensors that enter identities: canonical ones where some code base's rules know every name,
  /// else those of the file.
  private let identifying: [(part: Part, tensor: Tensor)]
  private let hashing: Background<[Part: Digest]>

  /// Takes the tensors in the order of the file, and begins to hash them: who writes a checkpoint
  /// waits for the digests last.
  init(_ named: [(name: String, tensor: Tensor)]) {
    self.named = named
    byName = Dictionary(uniqueKeysWithValues: named.map { ($0.name, $0.tensor) })
    let reading = NamedShapes(byName.mapValues(\.shape))
    self.reading = reading
    let parts = named.flatMap { name, tensor in
      Self.parts(tensor, reading.isComplete ? reading.pieces[name] ?? [] : []).enumerated().map {
        (part: Part(name: name, index: $0), tensor: $1)
      }
    }
    identifying = parts.filter { Self.isIdentifying($0.part.name, $0.tensor) }
    hashing = Background {
      Dictionary(uniqueKeysWithValues: zip(parts.map(\.part), try parts.map(\.tensor).digests()))
    }
  }

  /// A tensor of the file as canonical ones; itself if its name says nothing.
  private static func parts(_ tensor: Tensor, _ pieces: [NamedShapes.Piece]) -> [Tensor] {
    guard !pieces.isEmpty else { return [tensor] }
    return zip(tensor.parts(pieces.count), pieces).map { $0.reshaped($1.shape) }
  }

  /// SHA-256 of each part's elements; waits until they are known.
  ///
  /// - Throws: nothing about the content.
  func digests() throws -> [Part: Digest] { try hashing.value() }

  /// Whether the identity is of canonical tensors, so that every naming of the same model gives it; else
  /// it is of the file's tensors as they are.
  public var isCanonical: Bool { reading.isComplete }

  /// The weights-id of the tensors, under whatever names a code base gives them; waits for their
  /// digests.
  ///
  /// - Throws: nothing about the content.
  public func weightsID() throws -> Digest {
    let digests = try digests()
    return ModelIdentity.weightsID(
      lines: identifying.compactMap { part, tensor in
        digests[part].map { ModelIdentity.line(tensor, $0) }
      })
  }

  /// The prints of the tensors, whatever they are called; waits for their digests.
  ///
  /// - Throws: nothing about the content.
  public func prints() throws -> [TensorPrint] {
    let digests = try digests()
    return identifying.compactMap { part, tensor in
      digests[part].map { TensorPrint(tensor.elementType, tensor.shape, $0) }
    }
  }

  /// What the file calls them.
  public var names: Set<String> { Set(named.map(\.name)) }

  /// Trained parameters, as papers print it: elements of all tensors but statistics and counters.
  public var parameterCount: Int {
    named.filter { Self.isIdentifying($0.name, $0.tensor) && !$0.name.contains(".running_") }
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
  private static func isIdentifying(_ name: String, _ tensor: Tensor) -> Bool {
    !name.hasSuffix("num_batches_tracked")
      && !(name.hasSuffix(".threshold") && tensor.shape.isEmpty)
  }
}
