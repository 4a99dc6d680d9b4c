import CanonicalJSON
public import CheckpointFormat
public import Diagnostics
import FileAccess
import SpikeInference
public import SpikeTensors
public import SpikingModels
import TensorFiles

/// The ways in which a reference file can be refused.
public enum ReferenceFailureCode: String, FailureCode {
  /// The file does not say who made it, or how.
  case origin = "reference-origin"
  /// A tensor is missing or does not fit the model.
  case tensor = "reference-tensor"
  /// Padding bits of packed spikes are set.
  case spikes = "reference-spikes"

  /// All of them are faults of the data.
  public var kind: FailureKind { .badData }
}

/// A refused reference file.
public typealias ReferenceFailure = Failure<ReferenceFailureCode>

/// Behaviour recorded by another framework, in a safetensors file.
///
/// Tensors: `input`, `logits`, and for every neuron module of a code base `spikes/<name>`, u8
/// `[T, B, bytes]`; of several groups in one module, and channels last, where that code base has them
/// so. Metadata `qkzoo.reference`: origin and scope as JSON.
///
/// Corresponds to `zoo/recipes/dump_reference.py`.
public enum ForeignReference {
  /// Reads a reference for a model.
  ///
  /// - Throws: `ReferenceFailure`, `TensorFileFailure`, `FileFailure`, `JSONFailure`.
  public static func read(_ path: String, for plan: NetworkPlan) throws -> Reference {
    let file = try SafetensorsFile(ByteRegion(try MappedFile(path: path)), at: path)
    let (origin, scope) = try header(file, path)
    guard plan.configuration.canHave(scope) else {
      throw ReferenceFailure(
        .origin, at: "\(path) scope", expected: "`sample`, the only one of this model",
        found: "`\(scope.rawValue)`")
    }
    let input = try file.tensor("input", at: path)
    // The shape is that of the model's input, with sizes that cannot overflow what follows.
    _ = try InputBatch(input, for: plan.graph, name: "\(path) input")
    guard input.elementType == .f32, scope == .sample || input.shape[0] >= 2 else {
      throw ReferenceFailure(
        .tensor, at: "\(path) input", expected: "f32 samples, at least two for scope batch",
        found: "\(input.elementType) \(input.shape)")
    }
    let extent = SpatialSize(ofInput: input.shape)
    let logits = try Self.logits(file, [input.shape[0], plan.configuration.classes], path)
    let trains = try trains(
      file, modules(file, plan.configuration, extent), steps: plan.configuration.timeSteps,
      batch: input.shape[0], at: path)
    let groups = plan.neurons(for: extent).compactMap { group in
      trains[group.path].map { SpikeRecorder.record(group, $0, keepsTrain: false) }
    }
    return ReferenceMaker.make(
      groups, logits: logits, input: input, scope: scope, origin: origin,
      spikes: trains.mapValues { Tensor([$0.timeSteps, $0.batch, $0.bytesPerStep], $0.bytes) })
  }

  private static func tensorName(_ module: NamedNeurons) -> String { "spikes/\(module.name)" }

  /// The neuron modules of the code base whose names the file has most of.
  private static func modules(
    _ file: SafetensorsFile, _ configuration: ModelConfiguration, _ extent: SpatialSize
  ) -> [NamedNeurons] {
    let known = Naming.allCases.compactMap {
      NetworkPlan(configuration, naming: $0)?.namedNeurons(for: extent)
    }
    func found(_ modules: [NamedNeurons]) -> Int {
      modules.count { file.tensors[tensorName($0)] != nil }
    }
    return known.reduce(known[0]) { found($1) > found($0) ? $1 : $0 }
  }

  /// The spikes of every group, by path.
  private static func trains(
    _ file: SafetensorsFile, _ modules: [NamedNeurons], steps: Int, batch: Int, at path: String
  ) throws -> [String: SpikeTrain] {
    var trains: [String: SpikeTrain] = [:]
    for module in modules {
      let name = tensorName(module)
      let recorded = try train(
        try file.tensor(name, at: path), neurons: module.count, steps: steps, batch: batch,
        at: "\(path) \(name)")
      let train =
        module.isChannelsLast ? recorded.channelsFirst(module.channels) : recorded
      let parts =
        module.groups.count == 1 ? [train] : train.parts(module.groups.map(\.count))
      for (group, part) in zip(module.groups, parts) { trains[group.path] = part }
    }
    return trains
  }

  /// `[B][classes]`.
  private static func logits(
    _ file: SafetensorsFile, _ shape: [Int], _ path: String
  ) throws -> [[Float]] {
    let tensor = try file.tensor("logits", at: path)
    guard tensor.elementType == .f32, tensor.shape == shape else {
      throw ReferenceFailure(
        .tensor, at: "\(path) logits", expected: "f32 \(shape)",
        found: "\(tensor.elementType) \(tensor.shape)")
    }
    let values = try tensor.floats(name: "\(path) logits")
    return stride(from: 0, to: values.count, by: shape[1]).map {
      Array(values[$0..<$0 + shape[1]])
    }
  }

  private static func header(
    _ file: SafetensorsFile, _ path: String
  ) throws -> (Reference.Origin, NeuronScope) {
    let text = file.metadata["qkzoo.reference"] ?? ""
    let json = try? JSON(parsing: Array(text.utf8), at: path)
    guard let json, json["version"]?.int == 1, let tool = json["origin"]?["tool"]?.string,
      let precision = json["origin"]?["precision"]?.string,
      let scope = json["scope"]?.string.flatMap(NeuronScope.init)
    else {
      throw ReferenceFailure(
        .origin, at: "\(path) metadata qkzoo.reference",
        expected: "version 1 with origin and scope", found: text.isEmpty ? "nothing" : text)
    }
    return (.init(tool: tool, precision: precision, isIndependent: true), scope)
  }

  /// The spikes of some neurons; `place` names the tensor.
  ///
  /// - Throws: `ReferenceFailure`.
  public static func train(
    _ tensor: Tensor, neurons: Int, steps: Int, batch: Int, at place: String
  ) throws -> SpikeTrain {
    guard tensor.elementType == .u8, tensor.shape == [steps, batch, (neurons + 7) / 8] else {
      throw ReferenceFailure(
        .tensor, at: place,
        expected: "u8 [\(steps), \(batch), \((neurons + 7) / 8)]",
        found: "\(tensor.elementType) \(tensor.shape)")
    }
    guard
      let train = SpikeTrain(
        timeSteps: steps, batch: batch, neurons: neurons, bytes: tensor.bytes.copy())
    else {
      throw ReferenceFailure(
        .spikes, at: place, expected: "zero padding bits",
        found: "others")
    }
    return train
  }
}
