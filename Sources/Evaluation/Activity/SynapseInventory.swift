public import SpikeTensors
public import SpikingModels

/// How many synapses a model has behind each input channel, and where its attentions stand.
///
/// An `ActivityCounter` that has one counts what each spike reaches: synapses at the border and
/// synapses of weight zero are known exactly.
public struct SynapseInventory: Sendable {
  /// The synapses of one convolution, or of the classifier.
  struct Layer: Sendable {
    /// Side of the square kernel.
    let kernel: Int
    /// Stride in both directions.
    let stride: Int
    /// Channels written.
    let outChannels: Int
    /// Synapses that are not zero, `[k * k][input channel]`.
    let live: [[Int]]
  }

  /// What a neuron group is to a self-attention.
  enum AttentionPart: Sendable {
    case query, key
    /// V fires last of the three.
    case value
  }

  /// By unit path, and the classifier's.
  let layers: [String: Layer]
  /// By neuron path: the attention and the part.
  let attentionParts: [String: (attention: String, part: AttentionPart)]
  /// Heads, by attention path.
  let heads: [String: Int]
  /// Whether the classifier runs at each step.
  let averagesSteps: Bool

  /// Counts the synapses of a network; `parameters` holds a tensor for every identifying path.
  ///
  /// - Throws: `TensorFailure` for weights that are not real numbers of at most 32 bits.
  public init(_ graph: ModelGraph, parameters: [String: Tensor]) throws {
    var layers: [String: Layer] = [:]
    var parts: [String: (String, AttentionPart)] = [:]
    var heads: [String: Int] = [:]
    for node in graph.nodes {
      switch node.operation {
      case .convolution(let convolution):
        layers[node.path] = Layer(
          kernel: convolution.kernel, stride: convolution.stride,
          outChannels: convolution.outChannels,
          live: try Self.live(
            parameters, node.path + "/conv/weight", inChannels: convolution.inChannels,
            taps: convolution.kernel * convolution.kernel))
      case .classifier(let classifier):
        layers[node.path] = Layer(
          kernel: 1, stride: 1, outChannels: classifier.classes,
          live: try Self.live(
            parameters, node.path + "/weight", inChannels: classifier.features, taps: 1))
      case .selfAttention(let attention):
        let path = node.work?.path ?? node.path
        let operands: [AttentionPart] = [.query, .key, .value]
        for (operand, part) in zip(graph.reads(node), operands) { parts[operand] = (path, part) }
        heads[path] = attention.heads
      default: break
      }
    }
    self.layers = layers
    attentionParts = parts
    self.heads = heads
    averagesSteps = graph.classifier.averagesSteps
  }

  /// The weights of a layer that are not zero, from `[O, I, taps]`.
  private static func live(
    _ parameters: [String: Tensor], _ path: String, inChannels: Int, taps: Int
  ) throws -> [[Int]] {
    guard let tensor = parameters[path] else { preconditionFailure("no tensor at \(path)") }
    let weight = try tensor.floats(name: path)
    var live = [[Int]](repeating: [Int](repeating: 0, count: inChannels), count: taps)
    for (index, value) in weight.enumerated() where value != 0 {
      live[index % taps][index / taps % inChannels] += 1
    }
    return live
  }

  func layer(_ path: String) -> Layer {
    guard let layer = layers[path] else {
      preconditionFailure("a layer of another network: \(path)")
    }
    return layer
  }
}

extension SynapseInventory.Layer {
  /// What a spike reaches, for each position of an input of some extent.
  ///
  /// Positions that the same taps see share a class: nine at most for a 3x3 kernel of stride 1.
  struct Reach {
    /// The class of each position, row-major.
    let classes: [Int]
    /// Synapses behind any channel, by class.
    let all: [Int]
    /// Synapses that are not zero, `[class][input channel]`.
    let live: [[Int]]
  }

  func reach(_ size: SpatialSize) -> Reach {
    let rows = taps(size.height)
    let columns = taps(size.width)
    var known: [[[Int]]: Int] = [:]
    var (classes, all, live) = ([Int](), [Int](), [[Int]]())
    for row in rows {
      for column in columns {
        let key = [row, column]
        if known[key] == nil {
          known[key] = all.count
          all.append(row.count * column.count * outChannels)
          live.append(sum(row.flatMap { y in column.map { y * kernel + $0 } }))
        }
        classes.append(known[key] ?? 0)
      }
    }
    return Reach(classes: classes, all: all, live: live)
  }

  /// For each coordinate of the input, the taps through which an output sees it.
  private func taps(_ extent: Int) -> [[Int]] {
    let outputs = (extent + stride - 1) / stride
    return (0..<extent).map { position in
      (0..<kernel).filter { tap in
        let shifted = position + kernel / 2 - tap
        return shifted >= 0 && shifted % stride == 0 && shifted / stride < outputs
      }
    }
  }

  private func sum(_ taps: [Int]) -> [Int] {
    live[0].indices.map { channel in taps.reduce(0) { $0 + live[$1][channel] } }
  }
}
