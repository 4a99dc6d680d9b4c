public import CanonicalJSON
public import Digests
import FileAccess
import HDF5Storage
public import SpikeInference
public import SpikeTensors
import SpikingModels
import TensorFiles

/// The tensors inside a forward pass, in a file.
///
/// One layer of one unit of the run is in memory at a time; its elements go to their place in the
/// file at once. The bytes depend on the model, the input and what is selected, and on nothing else.
public struct Trace {
  /// A tensor that was written.
  public struct Written: Sendable {
    /// Which.
    public let tensor: TracedTensor
    /// Its name, type and shape.
    public let planned: PlannedTensor
    /// SHA-256 of its elements, little-endian.
    public let digest: Digest
  }

  /// The forms of the file, by suffix.
  public static let suffixes = [".npz", ".h5"]
  /// The text beside the tensors: what the file is a trace of.
  public static let textName = "about"

  private let engine: any ForwardPass
  private let input: InputBatch
  private let tensors: [TracedTensor]
  private let planned: [PlannedTensor]
  private let modelID: Digest

  /// Describes a trace.
  public init(
    _ engine: any ForwardPass, _ input: InputBatch, _ tensors: [TracedTensor], modelID: Digest
  ) {
    self.engine = engine
    self.input = input
    self.tensors = tensors
    self.modelID = modelID
    planned = tensors.map {
      $0.planned(timeSteps: engine.graph.timeSteps, batch: input.batch)
    }
  }

  /// Runs the model and writes the file, replacing one that exists only when complete.
  ///
  /// Samples run one by one; with scope `batch`, in batches of `batchSize`, or all as one.
  ///
  /// - Throws: `InferenceFailure`; `TensorFileFailure` for an `.npz` of 4 GiB or more; `HDF5Failure`,
  ///   `TensorFailure`, `FileFailure`.
  public func write(
    to path: String, batchSize: Int? = nil, progress: (Int) -> Void = { _ in }
  ) throws -> [Written] {
    var written: [Written] = []
    try AtomicFile.replace(path) { file in
      let plan = try self.plan(path, temporary: file.temporaryPath, batchSize: batchSize)
      let sizes = try planned.map { try Tensor.byteCount($0.elementType, $0.shape, name: $0.name) }
      let places = zip(plan.offsets, sizes).map { ($0, $1) }
      let output = try RandomAccessFile(opening: file.temporaryPath)
      let writer = TraceWriter(
        zip(tensors, places).map { ($0, $1.0, $1.1) }, timeSteps: engine.graph.timeSteps,
        batch: input.batch,
        file: output)
      try run(writer, batchSize: batchSize, progress: progress)
      try plan.complete(output)
      written = try zip(zip(tensors, planned), places).map { pair, place in
        Written(
          tensor: pair.0, planned: pair.1,
          digest: try Self.digest(output, place.0..<place.0 + place.1))
      }
    }
    return written
  }

  private func plan(
    _ path: String, temporary: String, batchSize: Int?
  ) throws -> any TensorPlan {
    let text = about(batchSize: batchSize).canonicalBytes
    guard path.hasSuffix(".npz") else {
      return try HDF5Plan(planned, texts: [(Self.textName, text)], to: temporary)
    }
    return try NumPyArchivePlan(planned, files: [(Self.textName + ".json", text)], at: path)
  }

  private func run(
    _ writer: TraceWriter, batchSize: Int?, progress: (Int) -> Void
  ) throws {
    let step = isBatch ? batchSize ?? input.batch : 1
    for start in stride(from: 0, to: input.batch, by: step) {
      let samples = start..<min(start + step, input.batch)
      writer.firstSample = start
      if tensors.contains(where: { $0.kind.needsCurrents }) {
        var tracer = CurrentTracer(writer: writer)
        _ = try engine.logits(of: input.samples(samples), observer: &tracer)
      } else {
        var tracer = SpikeTracer(writer: writer)
        _ = try engine.logits(of: input.samples(samples), observer: &tracer)
      }
      try writer.check()
      progress(samples.count)
    }
  }

  private static func digest(_ file: RandomAccessFile, _ range: Range<Int>) throws -> Digest {
    let digest = RunningDigest(.sha256)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    _ = try file.read(range, through: &buffer) { digest.update($0) }
    return digest.finish()
  }

  private var isBatch: Bool { engine.graph.scope == .batch }

  /// `batch_size` is null in scope `sample`, and where all samples are one batch.
  private func about(batchSize: Int?) -> JSON {
    [
      "schema": "qkzoo.trace-file/1", "model_id": .string(modelID.hex),
      "scope": .string(engine.graph.scope.rawValue),
      "batch_size": isBatch ? batchSize.map { .integer($0) } ?? .null : .null,
      "time_steps": .integer(engine.graph.timeSteps), "samples": .integer(input.batch),
      "tensors": .array(zip(tensors, planned).map(Self.json)),
    ]
  }

  /// A tensor as the file and the report describe it.
  public static func json(_ tensor: TracedTensor, _ planned: PlannedTensor) -> JSON {
    [
      "name": .string(tensor.name), "kind": .string(tensor.kind.rawValue),
      "path": .string(tensor.layer.path), "element_type": .string(planned.elementType.rawValue),
      "shape": .array(planned.shape.map { .integer($0) }),
      "layer_shape": .array(tensor.layer.shape.map { .integer($0) }),
      "packed": .bool(tensor.isPacked),
    ]
  }
}
