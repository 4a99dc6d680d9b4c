import QKFormerModel

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

  init(_ node: LayerNode, _ plan: NetworkPlan, accumulates: Int?, neurons: NeuronGroup?) {
    cells[.path] = node.path
    cells[.op] = Self.name(node)
    cells[.reads] = node.reads.joined(separator: " ")
    cells[.inputShape] = Self.shape(node.inputShape)
    cells[.outputShape] = Self.shape(node.shape)
    cells[.macs] = accumulates.map(String.init)
    describe(node.operation, plan)
    if let neurons { describe(neurons, plan) }
  }

  private mutating func describe(_ operation: LayerNode.Operation, _ plan: NetworkPlan) {
    switch operation {
    case .convolution(let unit): window(unit.kernel, unit.stride, unit.kernel / 2)
    case .maxPool: window(3, 2, 1)
    case .sumOfHeads(let heads): cells[.heads] = "\(heads)"
    case .product(let heads):
      cells[.heads] = "\(heads)"
      cells[.scale] = "\(plan.configuration.attentionScale)"
    default: break
    }
  }

  private mutating func window(_ kernel: Int, _ stride: Int, _ padding: Int) {
    cells[.kernel] = "\(kernel)"
    cells[.stride] = "\(stride)"
    cells[.padding] = "\(padding)"
  }

  private mutating func describe(_ neurons: NeuronGroup, _ plan: NetworkPlan) {
    let parameters = plan.parameters(of: neurons)
    cells[.neurons] = neurons.path
    cells[.tau] = "\(parameters.timeConstant)"
    cells[.threshold] = "\(parameters.threshold)"
    cells[.reset] = "\(parameters.resetPotential)"
    cells[.fires] = parameters.fires.rawValue
    cells[.scope] = plan.scope(of: neurons).rawValue
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

  private static func name(_ node: LayerNode) -> String {
    switch node.operation {
    case .input: "input"
    case .convolution: node.reads == ["input"] ? "first_convolution" : "convolution"
    case .maxPool: "max_pool"
    case .neurons: "neurons"
    case .sumOfHeads: "sum_heads"
    case .sumOfTokens: "sum_tokens"
    case .maskOfTokens: "mask_tokens"
    case .maskOfChannels: "mask_channels"
    case .product: "product"
    case .add: "add"
    case .meanOfMembrane: "mean_membrane"
    case .mean: "mean"
    case .classifier: "head"
    }
  }
}
