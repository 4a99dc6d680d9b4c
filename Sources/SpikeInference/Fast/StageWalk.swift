import SpikingModels

// The stages of a QKFormer, as the fast engine walks them. Read off the graph by paths.

/// A convolution, its batch normalisation, and the pooling that follows it.
struct ConvolutionUnit: Sendable {
  /// The node of the convolution.
  let node: Node
  /// The convolution.
  let convolution: Convolution
  /// Whether a 3x3 max pooling of stride 2 follows.
  let pools: Bool

  var path: String { node.path }
  var kernel: Int { convolution.kernel }
  var stride: Int { convolution.stride }
  var inChannels: Int { convolution.inChannels }
  var outChannels: Int { convolution.outChannels }
  var accumulatesPerPosition: Int { convolution.accumulatesPerPosition }

  /// The extent after the convolution.
  func convolvedSize(_ size: SpatialSize) -> SpatialSize { convolution.outputSize(size) }

  /// The extent after the convolution and the pooling.
  func outputSize(_ size: SpatialSize) -> SpatialSize {
    pools ? convolvedSize(size).divided(by: 2) : convolvedSize(size)
  }
}

/// A chain of units, and one more beside its end.
struct PatchEmbeddingPlan: Sendable {
  let units: [ConvolutionUnit]
  let shortcut: ConvolutionUnit
  /// How many units of the chain come before the shortcut branches off.
  let shortcutStart: Int
}

/// A token mixer.
struct AttentionPlan: Sendable {
  /// What lies between Q, K, V and the projection.
  enum Mixing: Sendable {
    case tokens
    case channels
    case selfAttention(scale: Float)
  }

  let path: String
  let mixing: Mixing
  let channels: Int
  let heads: Int
  /// The attention's neurons.
  let neurons: Neurons
  /// Q, K and, for self-attention, V.
  let readers: [ConvolutionUnit]
  let projection: ConvolutionUnit
  /// Whether the neurons behind the projection keep their state from sample to sample.
  let isChained: Bool

  var headChannels: Int { channels / heads }

  /// Multiply-accumulates between Q, K, V and the projection at one step.
  func accumulates(tokens: Int) -> Int {
    if case .selfAttention = mixing { 2 * tokens * channels * headChannels } else { 0 }
  }
}

/// A spiking MLP.
struct MLPPlan: Sendable {
  let expansion: ConvolutionUnit
  let contraction: ConvolutionUnit
  /// Whether the input is added to what the expansion gives, too.
  let hasInnerShortcut: Bool
}

/// A token mixer and an MLP, each added to its input.
struct BlockPlan: Sendable {
  let attention: AttentionPlan
  let mlp: MLPPlan
}

/// A patch embedding and its blocks.
struct StagePlan: Sendable {
  let embedding: PatchEmbeddingPlan
  let blocks: [BlockPlan]
  /// Binary planes that hold every count of the stage's stream; none if it is a membrane.
  let planes: Int
}

/// The stages of a graph.
struct StageWalk: Sendable {
  let stages: [StagePlan]
  /// Whether streams are membranes.
  let isMembrane: Bool
  let timeSteps: Int
  /// Frames of one sample of input.
  let frames: Int
  /// Channels of the input.
  let inputChannels: Int

  init(_ graph: ModelGraph) {
    let reader = StageReader(graph)
    stages = numbered(from: 1, reader.stage)
    isMembrane = stages.allSatisfy { $0.planes == 0 }
    timeSteps = graph.timeSteps
    frames = graph.inputFrames
    inputChannels = graph.inputShape.channels
  }

  /// Channels of the last stage.
  var width: Int { stages.last?.embedding.shortcut.outChannels ?? 0 }
}

/// Parts with consecutive numbers, as many as there are.
private func numbered<Part>(from first: Int, _ part: (Int) -> Part?) -> [Part] {
  var parts: [Part] = []
  while let next = part(first + parts.count) { parts.append(next) }
  return parts
}

/// Finds the parts of stages by their paths.
private struct StageReader {
  private let nodes: [String: Node]

  init(_ graph: ModelGraph) {
    nodes = Dictionary(uniqueKeysWithValues: graph.nodes.map { ($0.path, $0) })
  }

  func stage(_ number: Int) -> StagePlan? {
    let path = "stage\(number)"
    guard nodes["\(path)/speds/unit0"] != nil, let sum = nodes["\(path)/speds/add"] else {
      return nil
    }
    let blocks = numbered(from: 0) { block("\(path)/block\($0)") }
    let last = nodes["\(path)/block\(blocks.count - 1)/mlp/add"]
    return StagePlan(
      embedding: embedding("\(path)/speds"), blocks: blocks, planes: (last ?? sum).signal.planes)
  }

  private func embedding(_ path: String) -> PatchEmbeddingPlan {
    let units = numbered(from: 0) { unit("\(path)/unit\($0)") }
    let shortcut = required("\(path)/shortcut")
    guard let start = units.firstIndex(where: { $0.node.inputs == shortcut.node.inputs }) else {
      preconditionFailure("\(path): a shortcut from outside its chain")
    }
    return PatchEmbeddingPlan(units: units, shortcut: shortcut, shortcutStart: start)
  }

  private func block(_ path: String) -> BlockPlan? {
    guard nodes["\(path)/attention/q"] != nil else { return nil }
    return BlockPlan(
      attention: attention("\(path)/attention"),
      mlp: MLPPlan(
        expansion: required("\(path)/mlp/expansion"),
        contraction: required("\(path)/mlp/contraction"),
        hasInnerShortcut: nodes["\(path)/mlp/inner_add"] != nil))
  }

  private func attention(_ path: String) -> AttentionPlan {
    let readers = ["q", "k", "v"].compactMap { unit("\(path)/\($0)") }
    let (mixing, heads) = mixing(path)
    guard case .neurons(let neurons)? = nodes["\(path)/lif"]?.operation else {
      preconditionFailure("\(path): an attention without neurons")
    }
    return AttentionPlan(
      path: path, mixing: mixing, channels: readers[0].outChannels, heads: heads,
      neurons: neurons, readers: readers, projection: required("\(path)/projection"),
      isChained: isChained("\(path)/projection/lif"))
  }

  private func mixing(_ path: String) -> (AttentionPlan.Mixing, heads: Int) {
    switch (nodes["\(path)/sum"] ?? nodes["\(path)/product"])?.operation {
    case .sumOverHeads(let heads): (.tokens, heads)
    case .sumOverTokens: (.channels, 1)
    case .selfAttention(let attention): (.selfAttention(scale: attention.scale), attention.heads)
    default: preconditionFailure("\(path): no attention of a QKFormer")
    }
  }

  private func isChained(_ path: String) -> Bool {
    if case .neurons(let neurons)? = nodes[path]?.operation {
      neurons.scope == .batch
    } else {
      false
    }
  }

  private func unit(_ path: String) -> ConvolutionUnit? {
    guard let node = nodes[path], case .convolution(let convolution) = node.operation
    else { return nil }
    return ConvolutionUnit(
      node: node, convolution: convolution, pools: nodes["\(path)/pool"] != nil)
  }

  private func required(_ path: String) -> ConvolutionUnit {
    guard let unit = unit(path) else { preconditionFailure("no convolution at \(path)") }
    return unit
  }
}
