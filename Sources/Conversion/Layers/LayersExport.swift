public import CheckpointFormat
import CanonicalJSON
import Digests
import FileAccess
public import QKFormerModel
import SpikeInference
import SpikeTensors
import TensorFiles

/// Writes a model as a folder for hardware and simulators: a table of its operations, and every
/// number that they need as `.npy`.
public enum LayersExport {
  /// What was measured on some input.
  public struct Measurement: Sendable {
    /// What the input is called.
    public let input: String
    /// What was counted.
    public let activity: LayerActivity

    /// Names what was counted.
    public init(input: String, activity: LayerActivity) {
      self.input = input
      self.activity = activity
    }
  }

  /// What was written.
  public struct Summary: Sendable {
    /// Operations.
    public let rows: Int
    /// Files.
    public let files: Int
    /// Bytes of all files.
    public let bytes: Int
  }

  /// Writes the folder, which must not exist, for an input of some extent.
  ///
  /// - Throws: `InferenceFailure` for weights outside the numerics contract; `FileFailure`,
  ///   `TensorFailure`, `CheckpointFindings`.
  public static func write(
    _ checkpoint: Checkpoint, size: SpatialSize, foldsNorm: Bool, _ measurement: Measurement?,
    to path: String
  ) throws -> Summary {
    try checkpoint.validate(at: path)
    let plan = NetworkPlan(checkpoint.configuration)
    let weights = try ModelWeights(plan, parameters: checkpoint.parameters)
    let nodes = plan.graph(for: size)
    let table = LayerTable(plan: plan, size: size, nodes: nodes, measurement: measurement)
    let readme = LayersReadme(
      configuration: checkpoint.configuration, identity: try checkpoint.identity(),
      foldsNorm: foldsNorm, measurement: measurement)
    return try AtomicFolder.create(path) { folder in
      try folder.write(Array(readme.text.utf8), to: "README.md")
      try folder.write(Array(table.text.utf8), to: "layers.csv")
      try folder.write(checkpoint.configuration.json.canonicalBytes, to: "configuration.json")
      for node in nodes {
        let arrays = arrays(node, weights, foldsNorm) + (try measured(node, measurement))
        for (name, tensor) in arrays {
          let file = "\(node.path)/\(name).npy"
          try folder.write(NumPyFile.bytes(of: tensor, at: file), to: file)
        }
      }
      return Summary(rows: nodes.count, files: folder.files, bytes: folder.bytes)
    }
  }

  /// What an operation computes with.
  private static func arrays(
    _ node: LayerNode, _ weights: ModelWeights, _ foldsNorm: Bool
  ) -> [(String, Tensor)] {
    switch node.operation {
    case .convolution(let unit):
      let unitWeights = weights[unit]
      let perChannel = [unit.outChannels]
      let folded = foldsNorm ? folded(unit, unitWeights) : []
      return [
        ("weight", Tensor(unit.weightShape, unitWeights.weight)),
        ("scale", Tensor(perChannel, unitWeights.scale)),
        ("shift", Tensor(perChannel, unitWeights.shift)),
      ] + folded
    case .classifier:
      return [
        ("weight", Tensor([node.shape[0], node.inputShape[0]], weights.headWeight)),
        ("bias", Tensor([node.shape[0]], weights.headBias)),
      ]
    default: return []
    }
  }

  /// The convolution that does what a convolution and its normalisation do, up to rounding.
  private static func folded(
    _ unit: ConvolutionUnit, _ weights: UnitWeights
  ) -> [(String, Tensor)] {
    let perOutput = weights.weight.count / unit.outChannels
    let weight = weights.weight.enumerated().map { $1 * weights.scale[$0 / perOutput] }
    return [
      ("folded_weight", Tensor(unit.weightShape, weight)),
      ("folded_bias", Tensor([unit.outChannels], weights.shift)),
    ]
  }

  private static func measured(
    _ node: LayerNode, _ measurement: Measurement?
  ) throws -> [(String, Tensor)] {
    guard let activity = measurement?.activity else { return [] }
    if let histogram = activity.histograms[node.path] {
      return [("input_histogram", Tensor([histogram.count], histogram))]
    }
    guard case .neurons(let group) = node.operation, let spikes = activity.spikes[group.path]
    else { return [] }
    let channels = spikes[0].count
    let neurons = Double(activity.samples * spikes.count * group.count / channels)
    let rates = (0..<channels).map { channel in
      Float(Double(spikes.reduce(0) { $0 + $1[channel] }) / neurons)
    }
    return [
      ("spike_counts", Tensor([spikes.count, channels], spikes.flatMap { $0 })),
      ("firing_rates", Tensor([channels], rates)),
    ]
  }
}

/// `layers.csv`.
struct LayerTable {
  let plan: NetworkPlan
  let size: SpatialSize
  let nodes: [LayerNode]
  let measurement: LayersExport.Measurement?

  /// The table, a line for each operation.
  var text: String {
    let accumulates = Dictionary(
      uniqueKeysWithValues: plan.operations(for: size).map { ($0.path, $0.accumulates) })
    let rows = nodes.map { node in
      var row = LayerRow(
        node, plan, accumulates: accumulates[Self.operationPath(node)], neurons: neurons(node))
      if let activity = measurement?.activity { measure(node, activity, &row) }
      return row.text
    }
    return ([LayerRow.head] + rows).joined(separator: "\n") + "\n"
  }

  /// Operation counts know an attention's product by the attention.
  private static func operationPath(_ node: LayerNode) -> String {
    guard case .product = node.operation else { return node.path }
    return Files.directory(of: node.path)
  }

  /// The neurons of an operation: its own, or those that fire on what it gives.
  private func neurons(_ node: LayerNode) -> NeuronGroup? {
    if case .neurons(let group) = node.operation { return group }
    let readers = nodes.filter { $0.reads.contains(node.path) }
    guard readers.count == 1, let reader = readers.first else { return nil }
    switch reader.operation {
    case .neurons(let group): return group
    case .maxPool: return neurons(reader)
    default: return nil
    }
  }

  private func measure(_ node: LayerNode, _ activity: LayerActivity, _ row: inout LayerRow) {
    if let histogram = activity.histograms[node.path] { row.measured(input: histogram) }
    guard case .neurons(let group) = node.operation, let spikes = activity.spikes[group.path]
    else { return }
    let total = spikes.reduce(UInt64(0)) { $0 + $1.reduce(0, +) }
    let neurons = activity.samples * spikes.count * group.count
    row.measured(firingRate: Double(total) / Double(neurons))
  }
}
