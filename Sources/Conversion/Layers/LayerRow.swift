import SpikingModels

/// A row of `layers.csv`: one operation of the forward pass.
struct LayerRow {
  /// The columns, in order.
  enum Column: String, CaseIterable {
    case path, op, reads
    case inputShape = "input_shape"
    case outputShape = "output_shape"
    case kernel, stride, padding, macs, heads, scale, neurons, tau
    case threshold = "v_threshold"
    case reset = "v_reset"
    case fires, scope
    case largestInput = "largest_input"
    case meanInput = "mean_input"
    case density
    case firingRate = "firing_rate"
  }

  /// The head of the table.
  static let head = Column.allCases.map(\.rawValue).joined(separator: ",")

  private var cells: [Column: String] = [:]

  /// One line, without its end. No cell needs quotes: paths, words and numbers.
  var text: String { Column.allCases.map { cells[$0] ?? "" }.joined(separator: ",") }

  init(_ node: Node, in graph: ModelGraph, neurons: NeuronGroup?) {
    cells[.path] = node.path
    cells[.op] = Self.name(node, in: graph)
    cells[.reads] = graph.reads(node).joined(separator: " ")
    cells[.inputShape] = Self.shape(node.inputShape.axes)
    cells[.outputShape] = Self.shape(node.shape.axes)
    cells[.macs] = node.work.map { "\($0.accumulates)" }
    describe(node.operation)
    if let neurons { describe(neurons) }
  }

  private mutating func describe(_ operation: Operation) {
    switch operation {
    case .convolution(let convolution):
      window(convolution.kernel, convolution.stride, convolution.padding)
    case .pool(let pool): window(pool.kernel, pool.stride, pool.padding)
    case .sumOverHeads(let heads): cells[.heads] = "\(heads)"
    case .selfAttention(let attention):
      cells[.heads] = "\(attention.heads)"
      cells[.scale] = "\(attention.scale)"
    case .input, .neurons, .add, .and, .sumOverTokens, .mask, .mean, .classifier: break
    }
  }

  private mutating func window(_ kernel: Int, _ stride: Int, _ padding: Int) {
    cells[.kernel] = "\(kernel)"
    cells[.stride] = "\(stride)"
    cells[.padding] = "\(padding)"
  }

  private mutating func describe(_ group: NeuronGroup) {
    let constants = group.neurons.constants
    cells[.neurons] = group.path
    cells[.tau] = "\(constants.timeConstant)"
    cells[.threshold] = "\(constants.threshold)"
    cells[.reset] = "\(constants.resetPotential)"
    cells[.fires] = constants.fires.rawValue
    cells[.scope] = group.neurons.scope.rawValue
  }

  /// What a convolution read, as a histogram of integers.
  mutating func measured(input histogram: [UInt64]) {
    let elements = histogram.reduce(0, +)
    let sum = histogram.enumerated().reduce(UInt64(0)) { $0 + UInt64($1.offset) * $1.element }
    cells[.largestInput] = "\(histogram.count - 1)"
    cells[.meanInput] = "\(Double(sum) / Double(elements))"
    cells[.density] = "\(Double(elements - histogram[0]) / Double(elements))"
  }

  /// The share of ones among what neurons gave.
  mutating func measured(firingRate: Double) { cells[.firingRate] = "\(firingRate)" }

  private static func shape(_ extents: [Int]) -> String {
    extents.map(String.init).joined(separator: "x")
  }

  private static func name(_ node: Node, in graph: ModelGraph) -> String {
    switch node.operation {
    case .input: "input"
    case .convolution: node.inputs == [0] ? "first_convolution" : "convolution"
    case .pool: "max_pool"
    case .neurons: "neurons"
    case .add: "add"
    case .and: "and"
    case .sumOverHeads: "sum_heads"
    case .sumOverTokens: "sum_tokens"
    case .mask(.channels): "mask_channels"
    case .mask: "mask_tokens"
    case .selfAttention: "product"
    case .mean: graph.nodes[node.inputs[0]].signal == .real ? "mean_membrane" : "mean"
    case .classifier: "head"
    }
  }
}
