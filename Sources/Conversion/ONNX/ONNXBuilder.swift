import CheckpointFormat
import Diagnostics
import FileAccess
import SpikeTensors
import SpikingModels

/// Writes each operation of a graph as ONNX nodes.
///
/// Values have axes `[T*B, C, H, W]`, time slowest, so that a batch of any size splits into steps;
/// `[B, ...]` where they are the same at every step.
struct ONNXBuilder {
  var graph = ONNXGraph()
  let network: ModelGraph
  private let checkpoint: Checkpoint
  private let options: ONNXExport.Options
  /// The names of the values of the nodes so far.
  private var values: [String] = []

  init(_ checkpoint: Checkpoint, _ options: ONNXExport.Options) {
    self.checkpoint = checkpoint
    self.options = options
    network = checkpoint.configuration.graph
  }

  var steps: Int { network.timeSteps }
  private var isDirect: Bool { network.inputCoding == .direct }
  private var batchAxis: ONNXGraph.Axis {
    options.batch.map { .fixed($0) } ?? .named("batch")
  }

  /// The whole graph, from `input` to `logits`.
  ///
  /// - Throws: `TensorFailure`.
  mutating func build() throws -> ONNXGraph {
    for node in network.nodes { values.append(try value(of: node)) }
    graph.addOutput("logits", .float, [batchAxis, .fixed(network.classifier.classes)])
    // Outputs that were asked for come behind the answer.
    for (name, node) in spikeOutputs {
      graph.addOutput(
        name, .uint8, [.fixed(steps), batchAxis] + node.shape.axes.map(ONNXGraph.Axis.fixed))
    }
    return graph
  }

  /// What a node reads as its first operand, or another, and the node that gives it.
  func operand(_ position: Int, of node: Node) -> (name: String, node: Node) {
    (values[node.inputs[position]], network.nodes[node.inputs[position]])
  }

  private mutating func value(of node: Node) throws -> String {
    switch node.operation {
    case .input: return input(node)
    case .convolution(let convolution): return try self.convolution(convolution, node)
    case .pool(let pool): return self.pool(pool, node)
    case .neurons(let neurons): return fire(neurons, node)
    case .add: return graph.add("Add", node.path, [everyStep(0, node), everyStep(1, node)])
    case .and: return graph.add("Mul", node.path, [everyStep(0, node), everyStep(1, node)])
    case .sumOverHeads(let heads): return sumOverHeads(heads, node)
    case .sumOverTokens: return sumOverTokens(node)
    case .mask(let axis): return mask(axis, node)
    case .selfAttention(let attention): return selfAttention(attention, node)
    case .mean(let axes): return mean(over: axes, node)
    case .classifier(let classifier): return try self.classifier(classifier, node)
    }
  }

  /// The image, or the frames with time first.
  private mutating func input(_ node: Node) -> String {
    let axes = node.shape.axes.map(ONNXGraph.Axis.fixed)
    graph.addInput("input", [batchAxis] + (isDirect ? [] : [.fixed(steps)]) + axes)
    guard !isDirect else { return "input" }
    let ordered = graph.add(
      "Transpose", "input/by step", ["input"], [("perm", .ints([1, 0, 2, 3, 4]))])
    return reshape("input/frames", ordered, [-1] + node.shape.axes)
  }

  /// An operand of a node that is not the same at every step.
  private mutating func everyStep(_ position: Int, _ node: Node) -> String {
    let (name, read) = operand(position, of: node)
    guard read.isConstant, !node.isConstant, steps > 1 else { return name }
    return graph.add(
      "Concat", "\(read.path)/every step", [String](repeating: name, count: steps),
      [("axis", .int(0))])
  }

  mutating func split(_ value: String, _ name: String) -> [String] {
    guard steps > 1 else { return [value] }
    return graph.add("Split", name, [value], outputs: steps, [("axis", .int(0))])
  }

  // MARK: Convolutions

  /// Conv, BN.
  private mutating func convolution(_ convolution: Convolution, _ node: Node) throws -> String {
    let kernel = [convolution.kernel, convolution.kernel]
    let padding = [Int](repeating: convolution.padding, count: 4)
    let channels = [convolution.outChannels]
    let shape = channels + [convolution.inChannels / convolution.groups] + kernel
    let weight = try parameter("\(node.path)/conv/weight", shape)
    let bias = convolution.hasBias ? [try parameter("\(node.path)/conv/bias", channels)] : []
    let group =
      convolution.groups == 1 ? [] : [("group", ONNXGraph.Attribute.int(convolution.groups))]
    let convolved = graph.add(
      "Conv", "\(node.path)/conv", [operand(0, of: node).name, weight] + bias,
      [
        ("kernel_shape", .ints(kernel)), ("pads", .ints(padding)),
        ("strides", .ints([convolution.stride, convolution.stride])),
      ] + group)
    let norms = try ["weight", "bias", "running_mean", "running_var"].map {
      try parameter("\(node.path)/bn/\($0)", channels)
    }
    return graph.add(
      "BatchNormalization", "\(node.path)/bn", [convolved] + norms,
      [("epsilon", .float(Float(convolution.normEpsilon)))])
  }

  private mutating func pool(_ pool: Pool, _ node: Node) -> String {
    graph.add(
      "MaxPool", node.path, [operand(0, of: node).name],
      [
        ("kernel_shape", .ints([pool.kernel, pool.kernel])),
        ("pads", .ints([Int](repeating: pool.padding, count: 4))),
        ("strides", .ints([pool.stride, pool.stride])),
      ])
  }

  /// The tensor of a path as float32.
  mutating func parameter(_ path: String, _ shape: [Int]) throws -> String {
    guard let tensor = checkpoint.parameters[path] else {
      preconditionFailure("validated: \(path)")
    }
    let bytes =
      tensor.elementType == .f32
      ? tensor.bytes : Tensor(tensor.shape, try tensor.floats(name: path)).bytes
    return graph.add(path, shape, bytes)
  }

  // MARK: Neurons

  private var spikeOutputs: [(name: String, node: Node)] = []

  /// Neurons fire, step by step; what they read is `[T*B, ...]`, or `[B, ...]` for every step. The
  /// result is `[T*B, ...]`.
  private mutating func fire(_ neurons: Neurons, _ node: Node) -> String {
    let lif = neurons.constants
    let (value, read) = operand(0, of: node)
    let inputs =
      read.isConstant
      ? [String](repeating: value, count: steps) : split(value, "\(node.path)/step")
    var potential: String?
    var spikes: [String] = []
    for (t, input) in inputs.enumerated() {
      let name = "\(node.path)/\(t)"
      let charged = charge(name, potential, input, lif)
      let threshold = graph.constant(lif.threshold)
      let fired = graph.add(
        lif.fires == .atOrAbove ? "GreaterOrEqual" : "Greater", "\(name)/fired",
        [charged, threshold])
      spikes.append(
        graph.add(
          "Cast", "\(name)/spikes", [fired], [("to", .int(ONNXGraph.DataType.float.rawValue))]))
      if t < steps - 1 {
        let reset = graph.constant(lif.resetPotential)
        potential = graph.add("Where", "\(name)/v", [fired, reset, charged])
      }
    }
    let all = graph.add("Concat", node.path, spikes, [("axis", .int(0))])
    if options.withSpikes { addSpikes(all, node) }
    return all
  }

  /// `H = V + (X - (V - v_reset)) / tau`; before the first step V is the reset potential.
  private mutating func charge(
    _ name: String, _ potential: String?, _ input: String, _ lif: LIFParameters
  ) -> String {
    let reset = graph.constant(lif.resetPotential)
    var distance = input
    if let potential {
      let offset =
        lif.resetPotential == 0 ? potential : graph.add("Sub", "\(name)/v - r", [potential, reset])
      distance = graph.add("Sub", "\(name)/x - v", [input, offset])
    }
    let change = graph.add("Div", "\(name)/change", [distance, graph.constant(lif.timeConstant)])
    return graph.add("Add", "\(name)/h", [potential ?? reset, change])
  }

  /// `[T, B, ...]` with the published axes of the neurons.
  private mutating func addSpikes(_ spikes: String, _ node: Node) {
    let bytes = graph.add(
      "Cast", "\(node.path)/bytes", [spikes], [("to", .int(ONNXGraph.DataType.uint8.rawValue))])
    let name = reshape("spikes/\(node.path)", bytes, [steps, -1] + node.shape.axes)
    spikeOutputs.append((name, node))
  }

  // MARK: Small parts

  mutating func reshape(_ name: String, _ value: String, _ shape: [Int]) -> String {
    graph.add("Reshape", name, [value, graph.constant(shape)])
  }
}
