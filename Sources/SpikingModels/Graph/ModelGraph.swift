import Diagnostics

/// A network as one list of operations in execution order, for one extent of its input.
///
/// It is the plan: parameters, neurons, work, both forward passes and the exporters are read off it.
/// A family makes it from a configuration.
public struct ModelGraph: Sendable, Equatable {
  /// The operations; each reads only what stands before it. The first is the input, the last the
  /// classifier.
  public private(set) var nodes: [Node] = []
  /// Time steps *T*.
  public let timeSteps: Int

  /// A graph with nothing but its input, for a family's builder.
  init(input: Shape, coding: InputCoding, timeSteps: Int) {
    self.timeSteps = timeSteps
    nodes = [
      Node(
        path: "input", part: .input, operation: .input(coding), inputs: [], shape: input,
        inputShape: input,
        signal: .real, isConstant: Operation.input(coding).isConstant(reading: []))
    ]
  }

  /// Appends an operation; shape, signal and constancy follow from what it reads.
  ///
  /// - Returns: the index of its node.
  mutating func append(
    _ path: String, _ operation: Operation, of part: Part, reading inputs: [Int]
  ) -> Int {
    let operands = inputs.map { nodes[$0] }
    nodes.append(
      Node(
        path: path, part: part, operation: operation, inputs: inputs,
        shape: operation.shape(reading: operands.map(\.shape)),
        inputShape: operation.read(operands[0].shape),
        signal: operation.signal(reading: operands),
        isConstant: operation.isConstant(reading: operands)))
    return nodes.count - 1
  }

  /// The same network for an input of another extent.
  public func resized(to size: SpatialSize) -> ModelGraph {
    guard size != inputShape.size else { return self }
    var graph = ModelGraph(
      input: .map(channels: inputShape.channels, size: size), coding: inputCoding,
      timeSteps: timeSteps)
    for node in nodes.dropFirst() {
      _ = graph.append(node.path, node.operation, of: node.part, reading: node.inputs)
    }
    return graph
  }

  /// The shape of the input at one step, `[C, H, W]`.
  public var inputShape: Shape { nodes[0].shape }

  /// How the input becomes a sequence of time steps.
  public var inputCoding: InputCoding {
    guard case .input(let coding) = nodes[0].operation else {
      preconditionFailure("a graph begins with its input")
    }
    return coding
  }

  /// For each node, the nodes that read it.
  public var readers: [[Int]] {
    nodes.indices.reduce(into: Array(repeating: [], count: nodes.count)) { readers, index in
      for input in nodes[index].inputs { readers[input].append(index) }
    }
  }

  /// For each node, the last node that reads it, after which its result is needed no more; itself if
  /// none does.
  public var lastReaders: [Int] { readers.enumerated().map { $1.last ?? $0 } }

  /// The paths of what a node reads.
  public func reads(_ node: Node) -> [String] { node.inputs.map { nodes[$0].path } }
}

extension ModelGraph {
  /// The largest count that a convolution, a mask or an attention reads, and that a stream holds: both
  /// engines keep one in a byte.
  static let largestCount = 255

  /// Requires that counts fit their bytes; the sums before an attention's neurons may be larger, and
  /// only neurons and means read those.
  ///
  /// - Throws: `ConfigurationFailure`.
  public func validate(at place: String) throws {
    for (node, readers) in zip(nodes, readers) {
      guard let largest = node.signal.largest, largest > Self.largestCount else { continue }
      let readers = readers.map { nodes[$0].operation }
      guard node.operation.isSum && readers.allSatisfy(\.takesLargeCounts) else {
        throw ConfigurationFailure(
          .value, at: "\(place) \(node.path)",
          expected: "counts of at most \(Self.largestCount); fewer blocks", found: "\(largest)")
      }
    }
  }

  /// Frames of one sample of input: one image, or a frame for each step.
  public var inputFrames: Int { inputCoding == .direct ? 1 : timeSteps }

  /// The linear map to classes.
  public var classifier: Classifier {
    guard case .classifier(let classifier) = nodes[nodes.count - 1].operation else {
      preconditionFailure("a graph ends with its classifier")
    }
    return classifier
  }

  /// `batch` if some neurons keep their state from one sample of a batch to the next.
  public var scope: NeuronScope {
    neurons.contains { $0.neurons.scope == .batch } ? .batch : .sample
  }

  /// Channels of the widest head of an attention; 1 without one.
  public var headChannels: Int {
    let widths = nodes.compactMap { node -> Int? in
      switch node.operation {
      case .selfAttention(let attention): node.inputShape.channels / attention.heads
      case .sumOverHeads(let heads): node.inputShape.channels / heads
      default: nil
      }
    }
    return widths.max() ?? 1
  }

  /// The convolutions, in the order of the forward pass.
  public var convolutions: [Node] { nodes.filter { $0.convolution != nil } }

  /// The convolutions that read counts of spikes: all but those of real numbers.
  public var countingConvolutions: [Node] {
    convolutions.filter { nodes[$0.inputs[0]].signal != .real }
  }

  /// The node of a path; `nil` if there is none.
  public func node(at path: String) -> Node? { nodes.first { $0.path == path } }
}
