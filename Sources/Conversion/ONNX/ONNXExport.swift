import CanonicalJSON
public import CheckpointFormat
public import Diagnostics
import FileAccess
import SpikeInference
import SpikeTensors
import SpikingModels

/// The ways in which an export can be refused.
public enum ExportFailureCode: String, FailureCode {
  /// The target has no way to say what the model computes.
  case inexpressible = "not-expressible"
  /// The result would be larger than the target allows.
  case size = "export-too-large"

  /// The model is at fault, or rather the target.
  public var kind: FailureKind { .badData }
}

/// A refused export.
public typealias ExportFailure = Failure<ExportFailureCode>

/// Writes a model as one ONNX file: a graph without loops, time unrolled.
///
/// The graph computes what the model computes with scope `sample`, in float32, for the nominal
/// extent. Weights and batch normalisation are stored as they are, nothing is folded.
public enum ONNXExport {
  /// What to write.
  public struct Options: Sendable {
    /// Whether the spikes of every neuron group are outputs, too.
    public var withSpikes = false
    /// Samples of a batch; `nil` leaves them open.
    public var batch: Int? = 1

    /// One sample, no spikes.
    public init() {}
  }

  /// What was written.
  public struct Summary: Sendable {
    /// Nodes of the graph.
    public let nodes: Int
    /// Bytes of the file.
    public let bytes: Int
    /// Names of the outputs.
    public let outputs: [String]
  }

  /// The operator set that the graph uses.
  public static let operatorSet = 17
  private static let intermediateRepresentation = 8
  /// Protocol Buffers cannot say more.
  private static let sizeLimit = (1 << 31) - 1

  /// Field numbers of `ModelProto` and of what is in it.
  private enum Field {
    static let (version, producer, producerVersion, graph, operatorSet, metadata) = (
      1, 2, 3, 7, 8, 14
    )
    static let (setVersion, key, value) = (2, 1, 2)
  }

  /// Writes the file, replacing one that exists only when complete.
  ///
  /// - Throws: `ExportFailure`, `TensorFailure` for float64 weights, `FileFailure`,
  ///   `CheckpointFindings`.
  public static func write(
    _ checkpoint: Checkpoint, to path: String, _ options: Options = Options()
  ) throws -> Summary {
    try checkpoint.validate(at: path)
    // What the forward pass refuses, no graph may hold.
    _ = try ModelWeights(checkpoint.graph, parameters: checkpoint.parameters)
    var builder = ONNXBuilder(checkpoint, options)
    let graph = try builder.build()
    var model = ProtobufMessage()
    model.add(Field.version, intermediateRepresentation)
    model.add(Field.producer, "qkzoo")
    model.add(Field.producerVersion, FormatVersion.software)
    var set = ProtobufMessage()
    set.add(Field.setVersion, operatorSet)
    model.add(Field.operatorSet, set)
    for (key, value) in try metadata(checkpoint).sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufMessage()
      entry.add(Field.key, key)
      entry.add(Field.value, value)
      model.add(Field.metadata, entry)
    }
    model.add(Field.graph, graph.message(name: "qkformer"))
    guard model.count <= sizeLimit else {
      throw ExportFailure(
        .size, at: path, expected: "at most \(sizeLimit) bytes", found: "\(model.count)")
    }
    try AtomicFile.replace(path) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      try model.write(to: output)
      try output.finish()
    }
    return Summary(nodes: graph.nodeCount, bytes: model.count, outputs: graph.outputNames)
  }

  private static func metadata(_ checkpoint: Checkpoint) throws -> [String: String] {
    try ModelMetadata(checkpoint, try checkpoint.identity()).strings
  }
}
