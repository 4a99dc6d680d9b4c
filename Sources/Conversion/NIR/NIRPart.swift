public import QKFormerModel

/// A part of a network that could be a NIR graph of its own.
public struct NIRPart: Sendable {
  /// Why NIR cannot express a part: the first node that it has no primitive for.
  public struct Obstacle: Sendable, Equatable {
    /// The node, as in `stage1/speds/unit0/pool`.
    public let node: String
    /// What it does that NIR cannot say.
    public let reason: String
  }

  /// What is in a part.
  enum Content {
    case unit(ConvolutionUnit)
    case embedding(PatchEmbeddingPlan)
    case mlp(MLPPlan)
    case classifier
    case inexpressible(Obstacle)
  }

  /// Canonical path, as in `stage2/block0/mlp`; `model` is all of it.
  public let path: String
  /// The extent of what it reads.
  let size: SpatialSize
  let content: Content

  /// What stands in the way; `nil` if NIR can express the part.
  public var obstacle: Obstacle? {
    if case .inexpressible(let obstacle) = content { obstacle } else { nil }
  }
}

extension NetworkPlan {
  /// Every part that has a name, in the order of the forward pass; the whole model comes first.
  public var nirParts: [NIRPart] {
    var size = nominalSize
    let stages = stages.map { stage in
      let embedding = embeddingParts(stage.embedding, path: "\(stage.path)/speds", &size)
      let blocks = stage.blocks.enumerated().map { number, block in
        blockParts(block, path: "\(stage.path)/block\(number)", size)
      }
      return wholeAndParts(stage.path, size, embedding + blocks.flatMap { $0 })
    }
    let one = SpatialSize(height: 1, width: 1)
    let head = NIRPart(path: Self.headPath, size: one, content: .classifier)
    return wholeAndParts("model", nominalSize, stages.flatMap { $0 } + [head])
  }

  /// A part that cannot be expressed because something inside cannot, and what is inside.
  private func wholeAndParts(
    _ path: String, _ size: SpatialSize, _ parts: [NIRPart]
  ) -> [NIRPart] {
    guard let obstacle = parts.lazy.compactMap(\.obstacle).first else { return parts }
    return [NIRPart(path: path, size: size, content: .inexpressible(obstacle))] + parts
  }

  private func embeddingParts(
    _ plan: PatchEmbeddingPlan, path: String, _ size: inout SpatialSize
  ) -> [NIRPart] {
    let start = size
    var branch = size
    var parts: [NIRPart] = []
    for (index, unit) in plan.units.enumerated() {
      if index == plan.shortcutStart { branch = size }
      parts.append(part(unit, size))
      size = unit.outputSize(size)
    }
    parts.append(part(plan.shortcut, branch))
    let obstacle = parts.lazy.compactMap(\.obstacle).first
    let whole = NIRPart(
      path: path, size: start, content: obstacle.map { .inexpressible($0) } ?? .embedding(plan))
    return [whole] + parts
  }

  private func blockParts(_ plan: BlockPlan, path: String, _ size: SpatialSize) -> [NIRPart] {
    let attention = plan.attention
    let whole = NIRPart(
      path: attention.path, size: size,
      content: .inexpressible(.init(node: attention.path, reason: attention.nirReason)))
    let units =
      [attention.query, attention.key] + (attention.value.map { [$0] } ?? [])
      + [attention.projection]
    let mlp = NIRPart(path: "\(path)/mlp", size: size, content: .mlp(plan.mlp))
    let parts = units.map { part($0, size) } + [mlp]
    let inner = [plan.mlp.expansion, plan.mlp.contraction].map { part($0, size) }
    return wholeAndParts(path, size, [whole] + parts + inner)
  }

  private func part(_ unit: ConvolutionUnit, _ size: SpatialSize) -> NIRPart {
    let obstacle = NIRPart.Obstacle(
      node: "\(unit.path)/pool",
      reason: "3x3 max pooling of stride 2; NIR has no max pooling")
    return NIRPart(
      path: unit.path, size: size, content: unit.pools ? .inexpressible(obstacle) : .unit(unit))
  }
}

extension AttentionPlan {
  fileprivate var nirReason: String {
    switch mixer {
    case .qkta: "product of K and the spikes that stand for each token; NIR multiplies no streams"
    case .qkca: "product of K and the spikes that stand for each channel; NIR multiplies no streams"
    case .ssa: "matrix products of Q, K and V; NIR multiplies no streams"
    }
  }
}
