import CanonicalJSON
public import CheckpointFormat
import Conversion
import FileAccess
public import SpikeTensors
public import SpikingModels
import TensorFiles

/// One set of `Tests/Vectors`: a checkpoint and what PyTorch computed with it.
public struct Golden: Sendable {
  /// The sets of QKFormer, where samples run together influence each other.
  public static let names = ["imagenet-tiny", "cifar-tiny", "cifar-tiny-borderline", "dvs-tiny"]
  /// The sets of MS-QKFormer, where they do not.
  public static let membraneNames = ["ms-imagenet-tiny", "ms-cifar-tiny", "ms-dvs-tiny"]
  /// All sets.
  public static let allNames = names + membraneNames

  /// The set's name.
  public let name: String
  /// The model, imported from `checkpoint.pth`.
  public let checkpoint: Checkpoint
  private let io: SafetensorsFile
  private let packed: SafetensorsFile
  private let counts: JSON

  /// The folder of a set.
  public static func folder(_ name: String) -> String { TestFiles.path("Vectors/\(name)") }

  /// Opens a set.
  public init(_ name: String) throws {
    let folder = Self.folder(name)
    self.name = name
    let choice = try ConfigurationChoice.file("\(folder)/configuration.json")
    checkpoint = try ModelAssembly(path: "\(folder)/checkpoint.pth").checkpoint(choice)
    io = try Self.safetensors("\(folder)/io.safetensors")
    packed = try Self.safetensors("\(folder)/spikes.safetensors")
    counts = try JSON(parsing: try TestFiles.bytes("\(folder)/spikes.json"), at: name)
  }

  private static func safetensors(_ path: String) throws -> SafetensorsFile {
    try SafetensorsFile(ByteRegion(try MappedFile(path: path)), at: path)
  }

  /// The configuration under a scope.
  public func configuration(
    _ scope: NeuronScope
  ) -> ModelConfiguration {
    var configuration = checkpoint.configuration
    configuration.scope = scope
    return configuration
  }

  /// The batch.
  public var input: Tensor { get throws { try io.tensor("input", at: name) } }

  /// PyTorch's logits: the batch at once, or each sample alone.
  public func logits(_ scope: NeuronScope) throws -> Tensor {
    try io.tensor(scope == .batch ? "logits_batch" : "logits_single", at: name)
  }

  /// PyTorch's spikes of one group.
  public func train(
    _ group: NeuronGroup, _ scope: NeuronScope
  ) throws -> SpikeTrain {
    let prefix = scope == .batch ? "batch" : "single"
    let bits = try packed.tensor("\(prefix)/\(checkpoint.plan.upstreamName(of: group))", at: name)
      .bytes.copy()
    let steps = checkpoint.configuration.timeSteps
    let batch = try input.shape[0]
    var train = SpikeTrain(timeSteps: steps, batch: batch, neurons: group.count)
    for t in 0..<steps {
      for b in 0..<batch {
        for neuron in 0..<group.count {
          let bit = (t * batch + b) * group.count + neuron
          train[t, b, neuron] = bits[bit >> 3] >> (bit & 7) & 1 == 1
        }
      }
    }
    return train
  }

  /// PyTorch's spike counts of one group: by step for a batch, `[T]` or `[T*B]` as upstream has it;
  /// for single samples `[B][T]`.
  public func counts(_ group: NeuronGroup, sample: Int?) -> [Int] {
    let record =
      sample.map { counts["spikes_single"]?.array?[$0] } ?? counts["spikes_batch"]
    return record?[checkpoint.plan.upstreamName(of: group)]?["per_step"]?.array?.compactMap(\.int)
      ?? []
  }
}
