import CheckpointFormat
import SpikeInference
import SpikeTensors
import SpikingModels

/// Puts the graph of one part together. What a node reads is the sum of the nodes that are named.
struct NIRBuilder {
  private(set) var graph = NIRGraph()
  private let checkpoint: Checkpoint
  private let network: ModelGraph
  /// For each operation of the part, the nodes whose sum it gives.
  private var sources: [String: [String]] = [:]

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    network = checkpoint.configuration.graph
  }

  /// Builds a part that NIR can express, from `input` to `output`.
  ///
  /// - Throws: `TensorFailure`.
  mutating func build(_ part: NIRPart) throws {
    guard let first = part.nodes.first, let last = part.nodes.last else {
      preconditionFailure("a part without operations: \(part.path)")
    }
    let input = graph.add("input", .input(Self.axes(first.inputShape)), reading: [])
    for node in part.nodes { sources[node.path] = try result(of: node, input: input) }
    _ = graph.add("output", .output(Self.axes(last.shape)), reading: output(last))
  }

  /// A shortcut around the whole part is the caller's: the part gives what is added to it.
  private func output(_ last: Node) -> [String] {
    let operands = network.reads(last)
    guard case .add = last.operation,
      let outside = operands.firstIndex(where: { sources[$0] == nil })
    else { return sources[last.path] ?? [] }
    return sources[operands[1 - outside]] ?? []
  }

  private mutating func result(of node: Node, input: [String]) throws -> [String] {
    let read = network.reads(node).map { sources[$0] ?? input }
    switch node.operation {
    case .add: return read.flatMap { $0 }
    // Behind the neurons of the head there is one position; the steps are averaged by the caller.
    case .mean: return read[0]
    case .neurons(let neurons):
      return graph.add(
        node.path, .neurons(neurons.constants, Self.axes(node.shape)), reading: read[0])
    case .convolution(let convolution):
      return graph.add(
        "\(node.path)/conv", try self.convolution(convolution, node), reading: read[0])
    case .classifier(let classifier):
      let weight = Tensor(
        [classifier.classes, classifier.features], try values("\(node.path)/weight"))
      let bias = Tensor([classifier.classes], try values("\(node.path)/bias"))
      return graph.add("\(node.path)/linear", .affine(weight: weight, bias: bias), reading: read[0])
    case .input, .pool, .and, .sumOverHeads, .sumOverTokens, .mask, .selfAttention:
      preconditionFailure("refused before: \(node.path)")
    }
  }

  /// `[C, H, W]`, also of tokens; `[C]` of a vector.
  private static func axes(_ shape: Shape) -> [Int] {
    if case .vector = shape { return shape.axes }
    return [shape.channels, shape.size.height, shape.size.width]
  }

  /// NIR has no batch normalisation: it goes into the weights, in float64, rounded once.
  private func convolution(_ convolution: Convolution, _ node: Node) throws -> NIRGraph.Node {
    func perChannel(_ name: String) throws -> [Float] { try values("\(node.path)/\(name)") }
    let outputs = convolution.outChannels
    let norm = FoldedNorm(
      gamma: try perChannel("bn/weight"), beta: try perChannel("bn/bias"),
      mean: try perChannel("bn/running_mean"), variance: try perChannel("bn/running_var"),
      bias: convolution.hasBias
        ? try perChannel("conv/bias") : [Float](repeating: 0, count: outputs),
      epsilon: convolution.normEpsilon)
    let weight = try perChannel("conv/weight")
    let perOutput = weight.count / outputs
    let folded = weight.indices.map { Float(Double(weight[$0]) * norm.scale[$0 / perOutput]) }
    let (inputs, kernel) = (convolution.inChannels / convolution.groups, convolution.kernel)
    return .convolution(
      weight: Tensor([outputs, inputs, kernel, kernel], folded),
      bias: Tensor([outputs], norm.shift.map { Float($0) }), stride: convolution.stride,
      groups: convolution.groups, input: node.inputShape.size)
  }

  private func values(_ path: String) throws -> [Float] {
    guard let tensor = checkpoint.parameters[path] else {
      preconditionFailure("validated: \(path)")
    }
    return try tensor.floats(name: path)
  }
}
