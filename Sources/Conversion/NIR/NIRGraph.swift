import HDF5Storage
import SpikeTensors
import SpikingModels

/// A NIR graph that is being put together node by node.
///
/// Several edges into one node mean their sum. Corresponds to the graph and the primitives of `nir`
/// 1.0.8 and to its HDF5 layout: `/version`, `/node/nodes/<name>`, `/node/edges`.
struct NIRGraph {
  /// A primitive; every tensor is float32.
  enum Node {
    case input([Int])
    case output([Int])
    /// A square kernel; the padding is half of it, rounded down.
    case convolution(weight: Tensor, bias: Tensor, stride: Int, groups: Int, input: SpatialSize)
    case affine(weight: Tensor, bias: Tensor)
    case neurons(LIFParameters, [Int])

    /// The name of the primitive.
    var type: String {
      switch self {
      case .input: "Input"
      case .output: "Output"
      case .convolution: "Conv2d"
      case .affine: "Affine"
      case .neurons: "LIF"
      }
    }
  }

  private(set) var nodes: [(name: String, node: Node)] = []
  private(set) var edges: [(source: String, target: String)] = []

  /// The version of NIR whose definitions the graph follows.
  static let version = "1.0.8"
  /// Seconds of one time step. NIR's time is continuous; this is what others take by default.
  static let timeStep: Float = 1e-4

  /// Adds a node that reads the sum of some others, and returns its name as what later ones read.
  mutating func add(_ name: String, _ node: Node, reading sources: [String]) -> [String] {
    let name = name.split(separator: "/").joined(separator: ".")
    nodes.append((name, node))
    edges += sources.map { ($0, name) }
    return [name]
  }

  /// Neurons of all groups.
  var neurons: Int {
    nodes.reduce(0) { sum, item in
      if case .neurons(_, let shape) = item.node { sum + shape.reduce(1, *) } else { sum }
    }
  }
}

// MARK: Writing

extension NIRGraph {
  /// Writes a file; one that exists is emptied.
  ///
  /// - Throws: `HDF5Failure`.
  func write(metadata: [String: String], to path: String) throws {
    let writer = try HDF5Writer(path: path)
    try writer.write(texts: [Self.version], shape: [], to: "version")
    for group in ["node", "node/nodes", "node/metadata"] { try writer.makeGroup(group) }
    try writer.write(texts: ["NIRGraph"], shape: [], to: "node/type")
    for (name, node) in nodes { try write(node, to: "node/nodes/\(name)", writer) }
    try writer.write(
      texts: edges.flatMap { [$0.source, $0.target] }, shape: [edges.count, 2], to: "node/edges")
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
      try writer.write(texts: [text], shape: [], to: "node/metadata/\(key)")
    }
    try writer.close()
  }

  private func write(_ node: Node, to path: String, _ writer: HDF5Writer) throws {
    try writer.makeGroup(path)
    try writer.write(texts: [node.type], shape: [], to: "\(path)/type")
    func integers(_ name: String, _ values: [Int], shape: [Int]? = nil) throws {
      try writer.write(
        Tensor(shape ?? [values.count], values.map(Int64.init)), to: "\(path)/\(name)")
    }
    switch node {
    case .input(let shape), .output(let shape):
      try integers("shape", shape)
    case .convolution(let weight, let bias, let stride, let groups, let input):
      try writer.write(weight, to: "\(path)/weight")
      try writer.write(bias, to: "\(path)/bias")
      try integers("input_shape", [input.height, input.width])
      try integers("stride", [stride, stride])
      try integers("padding", [weight.shape[2] / 2, weight.shape[3] / 2])
      try integers("dilation", [1, 1])
      try integers("groups", [groups], shape: [])
    case .affine(let weight, let bias):
      try writer.write(weight, to: "\(path)/weight")
      try writer.write(bias, to: "\(path)/bias")
    case .neurons(let lif, let shape):
      for (name, value) in lif.nirConstants {
        try writer.write(constant: value, shape: shape, to: "\(path)/\(name)")
      }
    }
  }
}

extension LIFParameters {
  /// The constants of NIR's neuron that does the same at steps of `NIRGraph.timeStep`.
  ///
  /// NIR: `tau dv/dt = (v_leak - v) + r I`, a spike where `v > v_threshold`, then `v = v_reset`. A
  /// neuron that fires at equality has the next smaller threshold: float32 knows nothing between.
  fileprivate var nirConstants: [(String, Float)] {
    [
      ("tau", timeConstant * NIRGraph.timeStep), ("r", 1), ("v_leak", resetPotential),
      ("v_threshold", fires == .atOrAbove ? threshold.nextDown : threshold),
      ("v_reset", resetPotential),
    ]
  }
}
