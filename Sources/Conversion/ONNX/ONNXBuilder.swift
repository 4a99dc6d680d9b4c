import CheckpointFormat
import Diagnostics
import FileAccess
import QKFormerModel
import SpikeTensors

/// Walks a network and writes each part as ONNX nodes.
///
/// Maps have axes `[T*B, C, H, W]`, time slowest, so that a batch of any size splits into steps.
struct ONNXBuilder {
  var graph = ONNXGraph()
  let plan: NetworkPlan
  private let checkpoint: Checkpoint
  private let options: ONNXExport.Options
  /// Every neuron group of the nominal input, in the order in which they fire.
  private let neurons: [NeuronGroup]
  private var next = 0

  /// A value and its extent.
  struct Map {
    let name: String
    let channels: Int
    let size: SpatialSize
  }

  init(_ checkpoint: Checkpoint, _ options: ONNXExport.Options) {
    self.checkpoint = checkpoint
    self.options = options
    plan = checkpoint.plan
    neurons = plan.neurons
  }

  private var steps: Int { plan.configuration.timeSteps }
  private var isDirect: Bool { plan.configuration.input.coding == .direct }
  private var batchAxis: ONNXGraph.Axis {
    options.batch.map { .fixed($0) } ?? .named("batch")
  }

  /// The whole graph, from `input` to `logits`.
  ///
  /// - Throws: `TensorFailure`.
  mutating func build() throws -> ONNXGraph {
    let stream =
      plan.configuration.residual == .spikeAddition
      ? try spikeStages(input()) : try membraneStages(input())
    try head(stream)
    return graph
  }

  /// The image, or the frames with time first.
  private mutating func input() -> Map {
    let input = plan.configuration.input
    let axes = [input.channels, input.height, input.width].map(ONNXGraph.Axis.fixed)
    graph.addInput("input", [batchAxis] + (isDirect ? [] : [.fixed(steps)]) + axes)
    var name = "input"
    if !isDirect {
      let ordered = graph.add(
        "Transpose", "input/by step", ["input"], [("perm", .ints([1, 0, 2, 3, 4]))])
      name = reshape("input/frames", ordered, [-1, input.channels, input.height, input.width])
    }
    return Map(name: name, channels: input.channels, size: plan.nominalSize)
  }

  /// Mean over tokens and steps and a linear map, in the configured order.
  private mutating func head(_ stream: Map) throws {
    let path = NetworkPlan.headPath
    let classes = plan.configuration.classes
    let sums = plan.headNeuron == nil ? sumOverTokens(stream, "\(path)/tokens") : stream.name
    let weight = try parameter("\(path)/weight", [classes, stream.channels])
    let bias = try parameter("\(path)/bias", [classes])
    func linear(_ name: String, _ input: String, _ graph: inout ONNXGraph) -> String {
      graph.add("Gemm", name, [input, weight, bias], [("transB", .int(1))])
    }
    switch plan.configuration.readout {
    case .meanThenHead:
      let mean = meanOverSteps("\(path)/mean", sums, tokens: stream.size.count)
      _ = linear("logits", mean, &graph)
    case .headThenMean:
      let tokens = graph.constant(Float(stream.size.count))
      let features = graph.add("Div", "\(path)/features", [sums, tokens])
      _ = meanOverSteps("logits", linear("\(path)/steps", features, &graph), tokens: 1)
    }
    graph.addOutput("logits", .float, [batchAxis, .fixed(classes)])
    // Outputs that were asked for come behind the answer.
    for (name, group) in spikeOutputs {
      graph.addOutput(
        name, .uint8, [.fixed(steps), batchAxis] + group.shape.map(ONNXGraph.Axis.fixed))
    }
  }

  /// `[T*B, C]`.
  private mutating func sumOverTokens(_ stream: Map, _ name: String) -> String {
    let axes = graph.constant([2, 3])
    return graph.add("ReduceSum", name, [stream.name, axes], [("keepdims", .int(0))])
  }

  /// Sums of integers are exact; the division is the only rounding.
  private mutating func meanOverSteps(_ name: String, _ value: String, tokens: Int) -> String {
    let sum = graph.add("Sum", "\(name)/sum", split(value, "\(name)/step"))
    return graph.add("Div", name, [sum, graph.constant(Float(steps * tokens))])
  }

  private mutating func split(_ value: String, _ name: String) -> [String] {
    guard steps > 1 else { return [value] }
    return graph.add("Split", name, [value], outputs: steps, [("axis", .int(0))])
  }

  // MARK: Convolutions

  /// Conv, BN, pooling where the plan has it.
  mutating func current(_ unit: ConvolutionUnit, _ input: Map) throws -> Map {
    let kernel = [unit.kernel, unit.kernel]
    let padding = [Int](repeating: unit.kernel / 2, count: 4)
    let shape = [unit.outChannels, unit.inChannels] + kernel
    let weight = try parameter("\(unit.path)/conv/weight", shape)
    let bias =
      unit.hasBias ? [try parameter("\(unit.path)/conv/bias", [unit.outChannels])] : []
    let convolved = graph.add(
      "Conv", "\(unit.path)/conv", [input.name, weight] + bias,
      [
        ("kernel_shape", .ints(kernel)), ("pads", .ints(padding)),
        ("strides", .ints([unit.stride, unit.stride])),
      ])
    let norms = try ["weight", "bias", "running_mean", "running_var"].map {
      try parameter("\(unit.path)/bn/\($0)", [unit.outChannels])
    }
    var name = graph.add(
      "BatchNormalization", "\(unit.path)/bn", [convolved] + norms,
      [("epsilon", .float(Float(plan.configuration.batchNormEpsilon)))])
    if unit.pools {
      name = graph.add(
        "MaxPool", "\(unit.path)/pool", [name],
        [
          ("kernel_shape", .ints([3, 3])), ("pads", .ints([1, 1, 1, 1])),
          ("strides", .ints([2, 2])),
        ])
    }
    return Map(name: name, channels: unit.outChannels, size: unit.outputSize(input.size))
  }

  /// The tensor of a path as float32.
  private mutating func parameter(_ path: String, _ shape: [Int]) throws -> String {
    guard let tensor = checkpoint.parameters[path] else {
      preconditionFailure("validated: \(path)")
    }
    let bytes =
      tensor.elementType == .f32
      ? tensor.bytes : Tensor(tensor.shape, try tensor.floats(name: path)).bytes
    return graph.add(path, shape, bytes)
  }

  // MARK: Neurons

  private var spikeOutputs: [(name: String, group: NeuronGroup)] = []

  /// The next neuron group fires, step by step; `value` is `[T*B, ...]`, or `[B, ...]` for every
  /// step. The result is `[T*B, ...]`.
  mutating func fire(_ value: String, repeats: Bool = false) -> String {
    let group = neurons[next]
    next += 1
    let lif = plan.parameters(of: group)
    let inputs =
      repeats
      ? [String](repeating: value, count: steps) : split(value, "\(group.path)/step")
    var potential: String?
    var spikes: [String] = []
    for (t, input) in inputs.enumerated() {
      let name = "\(group.path)/\(t)"
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
    let all = graph.add("Concat", group.path, spikes, [("axis", .int(0))])
    if options.withSpikes { addSpikes(all, group) }
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

  /// `[T, B, ...]` with the group's published axes.
  private mutating func addSpikes(_ spikes: String, _ group: NeuronGroup) {
    let bytes = graph.add(
      "Cast", "\(group.path)/bytes", [spikes], [("to", .int(ONNXGraph.DataType.uint8.rawValue))])
    let name = reshape("spikes/\(group.path)", bytes, [steps, -1] + group.shape)
    spikeOutputs.append((name, group))
  }

  // MARK: Small parts

  mutating func reshape(_ name: String, _ value: String, _ shape: [Int]) -> String {
    graph.add("Reshape", name, [value, graph.constant(shape)])
  }

  /// The next neuron group fires on a map.
  mutating func fire(_ map: Map, repeats: Bool = false) -> Map {
    Map(name: fire(map.name, repeats: repeats), channels: map.channels, size: map.size)
  }

  mutating func add(_ name: String, _ left: Map, _ right: Map) -> Map {
    Map(
      name: graph.add("Add", name, [left.name, right.name]), channels: left.channels,
      size: left.size)
  }

  /// Whether the first unit's result stands for every step.
  var repeatsInput: Bool { isDirect }
}
