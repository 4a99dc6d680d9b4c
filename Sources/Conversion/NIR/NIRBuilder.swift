import CheckpointFormat
import QKFormerModel
import SpikeTensors

/// Puts the graph of one part together. What a node reads is the sum of the nodes that are named.
struct NIRBuilder {
  private(set) var graph = NIRGraph()
  private let checkpoint: Checkpoint
  private let plan: NetworkPlan

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    plan = checkpoint.plan
  }

  /// Builds a part that NIR can express, from `input` to `output`.
  ///
  /// - Throws: `TensorFailure`.
  mutating func build(_ part: NIRPart) throws {
    switch part.content {
    case .unit(let unit):
      let input = read(unit.inChannels, part.size)
      let output = try self.unit(unit, input, part.size).output
      write(output, unit.outChannels, unit.outputSize(part.size))
    case .embedding(let embedding): try self.embedding(embedding, part.size)
    case .mlp(let mlp): try self.mlp(mlp, part.size)
    case .classifier: try classifier()
    case .inexpressible: preconditionFailure("refused before: \(part.path)")
    }
  }

  private mutating func read(_ channels: Int, _ size: SpatialSize) -> [String] {
    graph.add("input", .input([channels, size.height, size.width]), reading: [])
  }

  private mutating func write(_ sources: [String], _ channels: Int, _ size: SpatialSize) {
    _ = graph.add("output", .output([channels, size.height, size.width]), reading: sources)
  }

  // MARK: Parts

  /// The chain of units, plus the shortcut from what one of them reads.
  private mutating func embedding(
    _ embedding: PatchEmbeddingPlan, _ start: SpatialSize
  ) throws {
    var x = read(embedding.units[0].inChannels, start)
    var size = start
    var (branch, branchSize) = (x, size)
    for (index, unit) in embedding.units.enumerated() {
      let (read, output) = try self.unit(unit, x, size)
      if index == embedding.shortcutStart { (branch, branchSize) = (read, size) }
      x = output
      size = unit.outputSize(size)
    }
    let shortcut = try unit(embedding.shortcut, branch, branchSize).output
    write(x + shortcut, embedding.shortcut.outChannels, size)
  }

  /// What a block adds to its stream; with the inner shortcut, the stream itself.
  private mutating func mlp(_ mlp: MLPPlan, _ size: SpatialSize) throws {
    let input = read(mlp.expansion.inChannels, size)
    let expanded = try unit(mlp.expansion, input, size).output
    let hidden = mlp.hasInnerShortcut ? input + expanded : expanded
    let contracted = try unit(mlp.contraction, hidden, size).output
    write(
      mlp.hasInnerShortcut ? hidden + contracted : contracted, mlp.contraction.outChannels, size)
  }

  private mutating func classifier() throws {
    let path = NetworkPlan.headPath
    let (width, classes) = (plan.configuration.width, plan.configuration.classes)
    var x = graph.add("input", .input([width]), reading: [])
    if let neuron = plan.headNeuron {
      x = graph.add(neuron.path, .neurons(plan.configuration.neurons.unit, [width]), reading: x)
    }
    let weight = Tensor([classes, width], try values("\(path)/weight"))
    let bias = Tensor([classes], try values("\(path)/bias"))
    x = graph.add("\(path)/linear", .affine(weight: weight, bias: bias), reading: x)
    _ = graph.add("output", .output([classes]), reading: x)
  }

  // MARK: Units

  /// Convolution with its normalisation, and the neuron where it stands; also what the convolution
  /// reads.
  private mutating func unit(
    _ unit: ConvolutionUnit, _ sources: [String], _ size: SpatialSize
  ) throws -> (read: [String], output: [String]) {
    let lif = plan.configuration.neurons.unit
    func shape(_ channels: Int, _ size: SpatialSize) -> [Int] {
      [channels, size.height, size.width]
    }
    var read = sources
    if unit.neuron == .before {
      read = graph.add(
        unit.neuronPath, .neurons(lif, shape(unit.inChannels, size)), reading: sources)
    }
    var output = graph.add("\(unit.path)/conv", try convolution(unit, size), reading: read)
    if unit.neuron == .after {
      let place = shape(unit.outChannels, unit.outputSize(size))
      output = graph.add(unit.neuronPath, .neurons(lif, place), reading: output)
    }
    return (read, output)
  }

  /// NIR has no batch normalisation: it goes into the weights, in float64, rounded once.
  private func convolution(_ unit: ConvolutionUnit, _ size: SpatialSize) throws -> NIRGraph.Node {
    func perChannel(_ name: String) throws -> [Double] {
      try values("\(unit.path)/\(name)").map(Double.init)
    }
    let (gamma, beta) = (try perChannel("bn/weight"), try perChannel("bn/bias"))
    let (mean, variance) = (try perChannel("bn/running_mean"), try perChannel("bn/running_var"))
    let bias =
      unit.hasBias
      ? try perChannel("conv/bias") : [Double](repeating: 0, count: unit.outChannels)
    let scale = zip(gamma, variance).map {
      $0 / ($1 + plan.configuration.batchNormEpsilon).squareRoot()
    }
    let shift = beta.indices.map { (bias[$0] - mean[$0]) * scale[$0] + beta[$0] }
    let weight = try values("\(unit.path)/conv/weight")
    let perOutput = weight.count / unit.outChannels
    let folded = weight.indices.map { Float(Double(weight[$0]) * scale[$0 / perOutput]) }
    return .convolution(
      weight: Tensor([unit.outChannels, unit.inChannels, unit.kernel, unit.kernel], folded),
      bias: Tensor([unit.outChannels], shift.map { Float($0) }), stride: unit.stride, input: size)
  }

  private func values(_ path: String) throws -> [Float] {
    guard let tensor = checkpoint.parameters[path] else {
      preconditionFailure("validated: \(path)")
    }
    return try tensor.floats(name: path)
  }
}
