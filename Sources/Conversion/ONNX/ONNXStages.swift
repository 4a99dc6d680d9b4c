import QKFormerModel

// The stages, as in the reference forward pass: the same steps in the same order.

// MARK: Spike addition

extension ONNXBuilder {
  mutating func spikeStages(_ input: Map) throws -> Map {
    var x = input
    for (index, stage) in plan.stages.enumerated() {
      x = try spikeEmbedding(stage.embedding, x, path: stage.path, isFirst: index == 0)
      for (number, block) in stage.blocks.enumerated() {
        let path = "\(stage.path)/block\(number)"
        let attended = try attended(block.attention, x)
        let projected = fire(try current(block.attention.projection, attended))
        x = add("\(path)/attention/sum", x, projected)
        let hidden = fire(try current(block.mlp.expansion, x))
        x = add("\(path)/mlp/sum", x, fire(try current(block.mlp.contraction, hidden)))
      }
    }
    return x
  }

  private mutating func spikeEmbedding(
    _ embedding: PatchEmbeddingPlan, _ input: Map, path: String, isFirst: Bool
  ) throws -> Map {
    var points = [input]
    for (index, unit) in embedding.units.enumerated() {
      let repeats = isFirst && index == 0 && repeatsInput
      points.append(fire(try current(unit, points[index]), repeats: repeats))
    }
    let shortcut = fire(try current(embedding.shortcut, points[embedding.shortcutStart]))
    return add("\(path)/speds/sum", points[points.count - 1], shortcut)
  }
}

// MARK: Membrane shortcut

extension ONNXBuilder {
  /// All stages and the neuron before the classifier.
  mutating func membraneStages(_ input: Map) throws -> Map {
    var x = input
    var isInput = true
    for stage in plan.stages {
      x = try membraneEmbedding(stage.embedding, x, path: stage.path, isInput: isInput)
      isInput = false
      for (number, block) in stage.blocks.enumerated() {
        let path = "\(stage.path)/block\(number)"
        let attended = try attended(block.attention, fire(x))
        x = add("\(path)/attention/sum", x, try current(block.attention.projection, attended))
        x = try membraneMLP(block.mlp, x, path: "\(path)/mlp")
      }
    }
    let mean = graph.add(
      "ReduceMean", "head/mean over tokens", [x.name],
      [("axes", .ints([2, 3])), ("keepdims", .int(0))])
    let one = SpatialSize(height: 1, width: 1)
    return fire(Map(name: mean, channels: x.channels, size: one))
  }

  private mutating func membraneEmbedding(
    _ embedding: PatchEmbeddingPlan, _ input: Map, path: String, isInput: Bool
  ) throws -> Map {
    var x = input
    var branch = input
    var repeats = false
    for (index, unit) in embedding.units.enumerated() {
      if isInput, index == 0 {
        x = try current(unit, x)
        repeats = repeatsInput
        continue
      }
      let spikes = fire(x, repeats: repeats)
      repeats = false
      if index == embedding.shortcutStart { branch = spikes }
      x = try current(unit, spikes)
    }
    return add("\(path)/speds/sum", x, try current(embedding.shortcut, branch))
  }

  private mutating func membraneMLP(_ plan: MLPPlan, _ x: Map, path: String) throws -> Map {
    let expanded = try current(plan.expansion, fire(x))
    let hidden = plan.hasInnerShortcut ? add("\(path)/inner sum", x, expanded) : expanded
    let contracted = try current(plan.contraction, fire(hidden))
    return add("\(path)/sum", plan.hasInnerShortcut ? hidden : x, contracted)
  }
}

// MARK: Attention

extension ONNXBuilder {
  /// What the projection reads: all of an attention before it.
  private mutating func attended(_ plan: AttentionPlan, _ stream: Map) throws -> Map {
    let query = fire(try current(plan.query, stream))
    let key = fire(try current(plan.key, stream))
    switch plan.mixer {
    case .qkta: return tokenAttention(plan, query, key)
    case .qkca: return channelAttention(plan, query, key)
    case .ssa:
      guard let unit = plan.value else { preconditionFailure("attention without V") }
      return selfAttention(plan, query, key, fire(try current(unit, stream)))
    }
  }

  /// K where the sum of Q over its head's channels made a spike (paper, equation 8).
  private mutating func tokenAttention(_ plan: AttentionPlan, _ query: Map, _ key: Map) -> Map {
    let shape = [-1, plan.heads, plan.headChannels, query.size.height, query.size.width]
    let heads = reshape("\(plan.path)/q by head", query.name, shape)
    let sums = graph.add("ReduceSum", "\(plan.path)/sums", [heads, graph.constant([2])])
    let mask = fire(sums)
    let keys = reshape("\(plan.path)/k by head", key.name, shape)
    let masked = graph.add("Mul", "\(plan.path)/masked", [keys, mask])
    return map(plan, "\(plan.path)/attended", masked, key.size)
  }

  /// K where the sum of Q over the tokens made a spike (paper, equation 9).
  private mutating func channelAttention(_ plan: AttentionPlan, _ query: Map, _ key: Map) -> Map {
    let axes = graph.constant([2, 3])
    let mask = fire(graph.add("ReduceSum", "\(plan.path)/sums", [query.name, axes]))
    let masked = graph.add("Mul", "\(plan.path)/masked", [key.name, mask])
    return Map(name: masked, channels: plan.channels, size: key.size)
  }

  /// `(V K^T) Q` with channels before tokens is `Q (K^T V)` with tokens before channels.
  private mutating func selfAttention(
    _ plan: AttentionPlan, _ query: Map, _ key: Map, _ value: Map
  ) -> Map {
    let path = plan.path
    let shape = [-1, plan.heads, plan.headChannels, query.size.count]
    let query = reshape("\(path)/q by head", query.name, shape)
    let keys = reshape("\(path)/k by head", key.name, shape)
    let values = reshape("\(path)/v by head", value.name, shape)
    let transposed = graph.add(
      "Transpose", "\(path)/k transposed", [keys], [("perm", .ints([0, 1, 3, 2]))])
    let product = graph.add("MatMul", "\(path)/v k", [values, transposed])
    let mixed = graph.add("MatMul", "\(path)/v k q", [product, query])
    let scale = graph.constant(self.plan.configuration.attentionScale)
    let scaled = graph.add("Mul", "\(path)/scaled", [mixed, scale])
    return fire(map(plan, "\(path)/attended", scaled, key.size))
  }

  private mutating func map(
    _ plan: AttentionPlan, _ name: String, _ value: String, _ size: SpatialSize
  ) -> Map {
    Map(
      name: reshape(name, value, [-1, plan.channels, size.height, size.width]),
      channels: plan.channels, size: size)
  }
}
