import SpikingModels

// MS-QKFormer, as `Reference/MembraneStages.swift`: the same steps in the same order.
extension FastRun {
  /// All stages, the mean over tokens and the last neuron: what the classifier reads.
  mutating func membraneStages(_ input: InputBatch) throws -> PlaneMap {
    var size = input.size
    var stream: MembraneMap?
    for stage in walk.stages {
      size = stage.embedding.outputSize(size)
      let x = membrane(size, stage.embedding.shortcut.outChannels)
      try arena.scope { try embedding(stage.embedding, stream, input, into: x) }
      for block in stage.blocks { try self.block(block, x) }
      stream = x
    }
    guard let stream else { preconditionFailure("a network without stages") }
    let mean = membrane(SpatialSize(height: 1, width: 1), stream.channels)
    parts.meanOverTokens(stream, into: mean)
    return try fire(mean)
  }

  /// SPEDS: a chain of units, plus a shortcut from the spikes that one of them reads.
  private mutating func embedding(
    _ plan: PatchEmbeddingPlan, _ stream: MembraneMap?, _ input: InputBatch, into x: MembraneMap
  ) throws {
    var membrane = stream
    var branch: PlaneMap?
    for (index, unit) in plan.units.enumerated() {
      guard let potential = membrane else {
        membrane = firstMembrane(unit, input)
        continue
      }
      let spikes = try fire(potential)
      if index == plan.shortcutStart { branch = spikes }
      let isLast = index == plan.units.count - 1
      let output = isLast ? x : self.membrane(unit.outputSize(spikes.size), unit.outChannels)
      convolve(unit, spikes, into: output, adds: false)
      membrane = output
    }
    guard let branch else { preconditionFailure("an embedding without a shortcut") }
    convolve(plan.shortcut, branch, into: x, adds: true)
  }

  /// `x + attention(x)`, then `x + mlp(x)`.
  private mutating func block(_ plan: BlockPlan, _ x: MembraneMap) throws {
    try arena.scope {
      let mixed = try mixed(plan.attention, try fire(x))
      convolve(plan.attention.projection, mixed, into: x, adds: true)
    }
    try arena.scope { try mlp(plan.mlp, x) }
  }

  /// `x + mlp(x)`; with an inner shortcut `y + contraction(y)` where `y = x + expansion(x)`.
  private mutating func mlp(_ plan: MLPPlan, _ x: MembraneMap) throws {
    let hidden = plan.hasInnerShortcut ? x : membrane(x.size, plan.expansion.outChannels)
    convolve(plan.expansion, try fire(x), into: hidden, adds: plan.hasInnerShortcut)
    convolve(plan.contraction, try fire(hidden), into: x, adds: true)
  }

  // MARK: Units and neurons

  /// The first unit reads the image once, or each event frame.
  private mutating func firstMembrane(_ unit: ConvolutionUnit, _ input: InputBatch) -> MembraneMap {
    let frames = walk.frames
    let values = unsafe arena.take(
      Float.self, input.batch * frames * input.size.count * input.channels)
    unsafe input.write(to: values)
    let output = MembraneMap(
      arena, timeSteps: frames, batch: input.batch, size: unit.outputSize(input.size),
      channels: unit.outChannels)
    let part = FastUnit(packed: engine.packed(unit), target: .membrane(output, adds: false))
    convolve([unit], [part], input.size, steps: frames, planes: 0) {
      unsafe $0.run(real: values)
    }
    return output
  }

  /// Conv, BN, pooling where the plan has it; the result is stored or added.
  private mutating func convolve(
    _ unit: ConvolutionUnit, _ spikes: PlaneMap, into membrane: MembraneMap, adds: Bool
  ) {
    let part = FastUnit(packed: engine.packed(unit), target: .membrane(membrane, adds: adds))
    convolve([unit], [part], spikes.size, steps: spikes.timeSteps, planes: spikes.planes) {
      $0.run(spikes)
    }
    observe([unit], reading: spikes)
  }

  /// The next neuron group fires on a membrane.
  private mutating func fire(_ membrane: MembraneMap) throws -> PlaneMap {
    let group = takeGroups(1)[0]
    let output = map(membrane.size, membrane.channels)
    parts.fire(
      NeuronKernel(group.neurons.constants, kernels: parts.kernels), membrane.buffer,
      steps: membrane.timeSteps, into: output)
    try observe(group, output, current: membrane.buffer, steps: membrane.timeSteps)
    return output
  }

  private func membrane(_ size: SpatialSize, _ channels: Int) -> MembraneMap {
    MembraneMap(
      arena, timeSteps: timeSteps, batch: parts.workspace.batch, size: size,
      channels: channels)
  }
}

extension WorkspaceSizes {
  /// Bytes of maps, membranes and currents of MS-QKFormer, all stages.
  mutating func addMembraneStages(_ size: SpatialSize) -> Int {
    var size = size
    var streams = 0
    var temporaries = 0
    for (index, stage) in walk.stages.enumerated() {
      let embedding = addMembraneEmbedding(stage.embedding, size, isFirst: index == 0)
      size = embedding.size
      streams += membraneBytes(size, stage.embedding.shortcut.outChannels)
      temporaries = max(temporaries, embedding.bytes)
      for block in stage.blocks { temporaries = max(temporaries, addMembraneBlock(block, size)) }
    }
    let one = SpatialSize(height: 1, width: 1)
    let width = walk.width
    return streams + temporaries + membraneBytes(one, width) + mapBytes(one, width)
  }

  private func membraneBytes(_ size: SpatialSize, _ channels: Int) -> Int {
    let positions = walk.timeSteps * batch * size.count
    return Arena.bytes(Float.self, MembraneMap.floats(positions: positions, channels: channels))
  }

  private mutating func addMembraneEmbedding(
    _ embedding: PatchEmbeddingPlan, _ size: SpatialSize, isFirst: Bool
  ) -> (size: SpatialSize, bytes: Int) {
    var size = size
    var points: [SpatialSize] = []
    var bytes = isFirst ? inputBytes(size) : 0
    for (index, unit) in embedding.units.enumerated() {
      let readsInput = isFirst && index == 0
      points.append(size)
      if !readsInput { bytes += mapBytes(size, unit.inChannels) }
      size = addUnit(unit, size, planes: readsInput ? 0 : 1).size
      bytes += membraneBytes(size, unit.outChannels)
    }
    _ = addUnit(embedding.shortcut, points[embedding.shortcutStart], planes: 1)
    return (size, bytes)
  }

  private mutating func addMembraneBlock(_ block: BlockPlan, _ size: SpatialSize) -> Int {
    let attention = addMixing(block.attention, size, planes: 1)
    _ = addUnit(block.attention.projection, size, planes: 1)
    let (expansion, contraction) = (block.mlp.expansion, block.mlp.contraction)
    _ = addUnit(expansion, size, planes: 1)
    _ = addUnit(contraction, size, planes: 1)
    let mlp = mapBytes(size, contraction.inChannels) + membraneBytes(size, expansion.outChannels)
    return mapBytes(size, expansion.inChannels) + max(attention, mlp)
  }
}
