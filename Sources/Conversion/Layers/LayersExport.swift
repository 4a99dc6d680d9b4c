import CanonicalJSON
public import CheckpointFormat
import Digests
import FileAccess
import SpikeInference
import SpikeTensors
public import SpikingModels
import TensorFiles

/// Writes a model as a folder for hardware and simulators: a table of its operations, and every
/// number that they need as `.npy`.
public enum LayersExport {
  /// What was measured on some input.
  public struct Measurement: Sendable {
    /// What the input is called.
    public let input: String
    /// Under which scope it ran, in words.
    public let setting: String
    /// What was counted.
    public let activity: LayerActivity

    /// Names what was counted.
    public init(input: String, setting: String, activity: LayerActivity) {
      self.input = input
      self.setting = setting
      self.activity = activity
    }
  }

  /// The table, by which such a folder is known.
  private static let tableName = "layers.csv"

  /// What was written.
  public struct Summary: Sendable {
    /// Operations.
    public let rows: Int
    /// Files.
    public let files: Int
    /// Bytes of all files.
    public let bytes: Int
  }

  /// Writes the folder for an input of some extent. Only a free name is taken, or, with `isReplacing`,
  /// that of such a folder.
  ///
  /// - Parameter configuration: the checkpoint's, under the scope that the measurement ran under.
  /// - Throws: `InferenceFailure` for weights outside the numerics contract; `FileFailure`,
  ///   `TensorFailure`, `CheckpointFindings`.
  public static func write(
    _ checkpoint: Checkpoint, as configuration: ModelConfiguration, size: SpatialSize,
    foldsNorm: Bool, _ measurement: Measurement?, to path: String, isReplacing: Bool = false
  ) throws -> Summary {
    try checkpoint.validate(at: path)
    let graph = configuration.graph(for: size)
    let weights = try ModelWeights(graph, parameters: checkpoint.parameters)
    let table = LayerTable(graph: graph, measurement: measurement)
    let readme = LayersReadme(
      configuration: configuration, own: checkpoint.configuration.scope,
      identity: try checkpoint.identity(), foldsNorm: foldsNorm, measurement: measurement)
    return try AtomicFolder.create(path, replacing: isReplacing ? tableName : nil) { folder in
      try folder.write(Array(readme.text.utf8), to: "README.md")
      try folder.write(Array(table.text.utf8), to: tableName)
      try folder.write(configuration.json.canonicalBytes, to: "configuration.json")
      for node in graph.nodes {
        let arrays = arrays(node, weights, foldsNorm) + (try measured(node, measurement))
        for (name, tensor) in arrays {
          let file = "\(node.path)/\(name).npy"
          try folder.write(NumPyFile.bytes(of: tensor, at: file), to: file)
        }
      }
      return Summary(rows: graph.nodes.count, files: folder.files, bytes: folder.bytes)
    }
  }

  /// What an operation computes with.
  private static func arrays(
    _ node: Node, _ weights: ModelWeights, _ foldsNorm: Bool
  ) -> [(String, Tensor)] {
    switch node.operation {
    case .convolution(let convolution):
      let own = weights[node.path]
      let perChannel = [convolution.outChannels]
      let folded = foldsNorm ? folded(convolution, own) : []
      return [
        ("weight", Tensor(convolution.weightShape, own.weight)),
        ("scale", Tensor(perChannel, own.scale)),
        ("shift", Tensor(perChannel, own.shift)),
      ] + folded
    case .classifier(let classifier):
      return [
        ("weight", Tensor([classifier.classes, classifier.features], weights.headWeight)),
        ("bias", Tensor([classifier.classes], weights.headBias)),
      ]
    default: return []
    }
  }

  /// The convolution that does what a convolution and its normalisation do, up to rounding.
  private static func folded(
    _ convolution: Convolution, _ weights: ConvolutionWeights
  ) -> [(String, Tensor)] {
    let perOutput = weights.weight.count / convolution.outChannels
    let weight = weights.weight.enumerated().map { $1 * weights.scale[$0 / perOutput] }
    return [
      ("folded_weight", Tensor(convolution.weightShape, weight)),
      ("folded_bias", Tensor([convolution.outChannels], weights.shift)),
    ]
  }

  private static func measured(
    _ node: Node, _ measurement: Measurement?
  ) throws -> [(String, Tensor)] {
    guard let activity = measurement?.activity else { return [] }
    if let histogram = activity.histograms[node.path] {
      return [("input_histogram", Tensor([histogram.count], histogram))]
    }
    guard case .neurons = node.operation, let spikes = activity.spikes[node.path]
    else { return [] }
    let channels = spikes[0].count
    let neurons = Double(activity.samples * spikes.count * node.shape.count / channels)
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
  let graph: ModelGraph
  let measurement: LayersExport.Measurement?

  /// The table, a line for each operation.
  var text: String {
    let readers = graph.readers
    let rows = graph.nodes.indices.map { index in
      let node = graph.nodes[index]
      var row = LayerRow(node, in: graph, neurons: neurons(index, readers))
      if let activity = measurement?.activity { measure(node, activity, &row) }
      return row.text
    }
    return ([LayerRow.head] + rows).joined(separator: "\n") + "\n"
  }

  /// The neurons of an operation: its own, or those that fire on what it gives.
  private func neurons(_ index: Int, _ readers: [[Int]]) -> NeuronGroup? {
    let node = graph.nodes[index]
    if case .neurons(let neurons) = node.operation { return NeuronGroup(node, neurons) }
    guard readers[index].count == 1, let reader = readers[index].first else { return nil }
    switch graph.nodes[reader].operation {
    case .neurons, .pool: return neurons(reader, readers)
    default: return nil
    }
  }

  private func measure(_ node: Node, _ activity: LayerActivity, _ row: inout LayerRow) {
    if let histogram = activity.histograms[node.path] { row.measured(input: histogram) }
    guard case .neurons = node.operation, let spikes = activity.spikes[node.path]
    else { return }
    let total = spikes.reduce(UInt64(0)) { $0 + $1.reduce(0, +) }
    let neurons = activity.samples * spikes.count * node.shape.count
    row.measured(firingRate: Double(total) / Double(neurons))
  }
}
