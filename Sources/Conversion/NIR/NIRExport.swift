public import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import SpikeInference
import SpikingModels

/// Writes a part of a model as a NIR graph, which `nir` and the simulators that build on it read.
///
/// NIR's time and membranes are continuous. Forward Euler with one step of `timeStep` for each time
/// step gives the model's own equations; what the graph itself cannot fix is in its metadata.
///
/// Corresponds to the Neural Intermediate Representation (Pedersen et al., 2024).
public enum NIRExport {
  /// What was written.
  public struct Summary: Sendable {
    /// Nodes of the graph, input and output included.
    public let nodes: Int
    /// Edges of the graph.
    public let edges: Int
    /// Neurons of all its groups.
    public let neurons: Int
    /// Bytes of the file.
    public let bytes: Int
  }

  /// Seconds of one time step.
  public static var timeStep: Double { Double("\(NIRGraph.timeStep)") ?? 0 }

  /// Writes the file, replacing one that exists only when complete.
  ///
  /// - Throws: `ExportFailure` with the node that NIR has no primitive for, `TensorFailure` for
  ///   float64 weights, `InferenceFailure` for weights that cannot be run, `HDF5Failure`,
  ///   `FileFailure`, `CheckpointFindings`.
  public static func write(
    _ checkpoint: Checkpoint, _ part: NIRPart, to path: String
  ) throws -> Summary {
    try checkpoint.validate(at: path)
    if let obstacle = part.obstacle {
      throw ExportFailure(
        .inexpressible, at: obstacle.node, expected: "what NIR can express",
        found: obstacle.reason)
    }
    // What the forward pass refuses, no graph may hold.
    _ = try ModelWeights(checkpoint.graph, parameters: checkpoint.parameters)
    var builder = NIRBuilder(checkpoint)
    try builder.build(part)
    let graph = builder.graph
    let metadata = try metadata(checkpoint, part)
    try AtomicFile.replace(path) { file in
      try graph.write(metadata: metadata, to: file.temporaryPath)
    }
    return Summary(
      nodes: graph.nodes.count, edges: graph.edges.count, neurons: graph.neurons,
      bytes: try Files.stamp(of: path).size)
  }

  /// What the graph leaves open.
  private static func metadata(
    _ checkpoint: Checkpoint, _ part: NIRPart
  ) throws -> [String: String] {
    let identity = try checkpoint.identity()
    return [
      "qkzoo.part": part.path, "qkzoo.model_id": identity.modelID.hex,
      "qkzoo.weights_id": identity.weightsID.hex,
      "qkzoo.scope": "sample", "qkzoo.time_steps": "\(checkpoint.configuration.timeSteps)",
      "qkzoo.dt": "\(NIRGraph.timeStep)",
      "qkzoo.integration": "forward Euler, one step of dt for each time step: "
        + "v += dt / tau * (v_leak - v + r * I), then spike and reset; v starts at v_reset",
      "qkzoo.threshold": checkpoint.configuration.neurons.unit.fires == .atOrAbove
        ? "the model fires at or above; v_threshold is the next smaller float32"
        : "the model fires above, as NIR does",
      "qkzoo.normalisation": "batch normalisation is in weight and bias, rounded once to float32",
      "qkzoo.sums": "several edges into a node mean the sum",
      "qkzoo.input": part.inputText(checkpoint.graph),
      "qkzoo.output": part.outputText,
    ]
  }
}

extension NIRPart {
  /// What the caller presents.
  fileprivate func inputText(_ graph: ModelGraph) -> String {
    guard let first = nodes.first else { return "" }
    switch first.operation {
    case .classifier: return "the mean of the last stream over its positions"
    case .neurons where first.part == .head:
      return "the mean of the last stream over its positions, at every step"
    case .convolution where first.inputs == [0]:
      return graph.inputCoding == .direct
        ? "the picture, the same at every step" : "one event frame at each step"
    default: return "what \(path) reads in the model, step by step"
    }
  }

  /// What comes out.
  fileprivate var outputText: String {
    switch (nodes.last?.operation, nodes.last?.part) {
    case (.classifier, _): "logits, to be averaged over the time steps"
    case (.add, .mlp) where nodes.count { $0.operation == .add } > 1: "the stream behind \(path)"
    case (.add, .mlp): "what \(path) adds to the stream"
    default: "what \(path) gives in the model, step by step"
    }
  }
}
