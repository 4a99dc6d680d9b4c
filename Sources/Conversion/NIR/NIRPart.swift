public import SpikingModels

/// A part of a network that could be a NIR graph of its own.
public struct NIRPart: Sendable {
  /// Why NIR cannot express a part: the first node that it has no primitive for.
  public struct Obstacle: Sendable, Equatable {
    /// The node, as in `stage1/speds/unit0/pool`.
    public let node: String
    /// What it does that NIR cannot say.
    public let reason: String
  }

  /// Canonical path, as in `stage2/block0/mlp`; `model` is all of it.
  public let path: String
  /// Its operations, in the order of the forward pass.
  let nodes: [Node]
  /// What stands in the way; `nil` if NIR can express the part.
  public let obstacle: Obstacle?

  init(_ path: String, _ nodes: [Node]) {
    self.path = path
    self.nodes = nodes
    obstacle = nodes.lazy.compactMap(\.nirObstacle).first
  }
}

extension ModelGraph {
  /// Every part that has a name, in the order of the forward pass; the whole model comes first.
  public var nirParts: [NIRPart] {
    let stages = folders(in: "").filter { $0 != Self.headPath }
    let parts = stages.flatMap { stage in
      whole(stage) + folders(in: stage).flatMap { embeddingOrBlock("\(stage)/\($0)") }
    }
    // The mean of a stream over its positions is the caller's.
    let head = below(Self.headPath).filter { node in
      guard case .mean = node.operation else { return true }
      if case .neurons = nodes[node.inputs[0]].operation { return true }
      return false
    }
    let model = NIRPart("model", nodes)
    return (model.obstacle == nil ? [] : [model]) + parts + [NIRPart(Self.headPath, head)]
  }

  /// An embedding and its convolutions; or a block, its attention and its MLP, and theirs.
  private func embeddingOrBlock(_ path: String) -> [NIRPart] {
    let own = below(path)
    guard own.contains(where: { $0.part != .embedding }) else {
      return [NIRPart(path, own)] + convolutions(own)
    }
    let parts = folders(in: path).map { "\(path)/\($0)" }.flatMap { part in
      [NIRPart(part, below(part))] + convolutions(below(part))
    }
    return whole(path) + parts
  }

  /// A part that holds named parts, if something in it cannot be expressed: else its parts are enough.
  private func whole(_ path: String) -> [NIRPart] {
    let part = NIRPart(path, below(path))
    return part.obstacle == nil ? [] : [part]
  }

  /// Each convolution with its pooling and its neurons.
  private func convolutions(_ nodes: [Node]) -> [NIRPart] {
    nodes.compactMap { node in
      guard case .convolution = node.operation else { return nil }
      return NIRPart(node.path, below(node.path))
    }
  }

  /// The node of a path and all below it.
  private func below(_ path: String) -> [Node] {
    nodes.filter { $0.path == path || $0.path.hasPrefix(path + "/") }
  }

  /// The names of what has operations below it, in order.
  private func folders(in path: String) -> [String] {
    let prefix = path.isEmpty ? "" : path + "/"
    return nodes.reduce(into: []) { names, node in
      guard node.path.hasPrefix(prefix) else { return }
      let rest = node.path.dropFirst(prefix.count)
      guard let end = rest.firstIndex(of: "/") else { return }
      let name = String(rest[..<end])
      if !names.contains(name) { names.append(name) }
    }
  }
}

extension Node {
  /// What NIR has no primitive for.
  fileprivate var nirObstacle: NIRPart.Obstacle? {
    func obstacle(_ node: String, _ reason: String) -> NIRPart.Obstacle {
      NIRPart.Obstacle(node: node, reason: reason + "; NIR multiplies no streams")
    }
    switch operation {
    case .pool(let pool):
      return .init(
        node: path,
        reason: "\(pool.kernel)x\(pool.kernel) max pooling of stride \(pool.stride); "
          + "NIR has no max pooling")
    case .mask(.tokens):
      return obstacle(folder, "product of K and the spikes that stand for each token")
    case .mask:
      return obstacle(folder, "product of K and the spikes that stand for each channel")
    case .selfAttention: return obstacle(folder, "matrix products of Q, K and V")
    case .and: return obstacle(path, "product of two streams of spikes")
    case .input, .convolution, .neurons, .add, .sumOverHeads, .sumOverTokens, .mean, .classifier:
      return nil
    }
  }

  /// The path of the part that the node stands in.
  private var folder: String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
  }
}
