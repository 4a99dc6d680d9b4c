import CSpikeKernels
import Diagnostics
import SpikingModels

/// The memory of a forward pass on inputs of one shape.
@safe
final class Workspace: @unchecked Sendable {
  let batch: Int
  let size: SpatialSize
  /// Maps and lists, in stack order.
  let arena: Arena
  /// One for each worker.
  let scratch: [Scratch]

  /// Memory of one worker.
  @safe
  struct Scratch: @unchecked Sendable {
    // SAFETY: parts of an arena that lives as long as the workspace; one worker uses each.
    /// Accumulators of a strip, and behind them one row after the pooling.
    let slots: UnsafeMutablePointer<Float>
    let pooled: UnsafeMutablePointer<Float>
    /// Tables of one block.
    let tables: UnsafeMutablePointer<Float>
    /// A byte for each position of a segment.
    let counts: UnsafeMutablePointer<UInt8>
    let taps: UnsafeMutablePointer<qkz_tap>
    /// A square of one attention head, and integers for each channel.
    let product: UnsafeMutablePointer<Int32>
    let sums: UnsafeMutablePointer<Int32>
  }

  private let scratchArena: Arena
  /// Lists address a strip's sums by 32-bit byte offsets.
  private static let mostSlotFloats = Int(UInt32.max) / MemoryLayout<Float>.stride

  /// - Throws: `InferenceFailure` if a row of the input is too wide for the offsets in the lists, or
  ///   there is not enough memory.
  init(_ walk: StageWalk, batch: Int, size: SpatialSize, threads: Int) throws {
    let sizes = WorkspaceSizes(walk, batch: batch, size: size, threads: threads)
    guard sizes.slotFloats <= Self.mostSlotFloats else {
      throw InferenceFailure(
        .inputShape, at: "fast engine", expected: "at most \(Self.mostSlotFloats) sums in a strip",
        found: "\(sizes.slotFloats) for \(batch) x \(size.height) x \(size.width)")
    }
    try MemoryNeed.require(
      Double(sizes.shared) + Double(sizes.scratch) * Double(threads), batch: batch,
      steps: walk.timeSteps, size: size)
    self.batch = batch
    self.size = size
    arena = try Arena(capacity: sizes.shared)
    let scratchArena = try Arena(capacity: sizes.scratch * threads)
    self.scratchArena = scratchArena
    scratch = (0..<threads).map { _ in
      unsafe Scratch(
        slots: scratchArena.take(Float.self, sizes.slotFloats),
        pooled: scratchArena.take(Float.self, sizes.pooledFloats),
        tables: scratchArena.take(Float.self, sizes.tableFloats),
        counts: scratchArena.take(UInt8.self, sizes.segmentPositions),
        taps: scratchArena.take(qkz_tap.self, WorkspaceSizes.taps),
        product: scratchArena.take(Int32.self, sizes.headChannels * sizes.headChannels),
        sums: scratchArena.take(Int32.self, sizes.channels))
    }
  }

  /// Bytes taken.
  var bytes: Int { arena.capacity + scratchArena.capacity }
}

/// How much memory a forward pass needs, from the plan alone.
struct WorkspaceSizes {
  /// Bytes of maps, lists and currents that all workers share.
  private(set) var shared = 0
  private(set) var slotFloats = 0
  private(set) var pooledFloats = 0
  private(set) var tableFloats = KernelShape.tableCount
  private(set) var segmentPositions = 0
  private(set) var headChannels = 0
  private(set) var channels = 0

  /// The most taps of a kernel.
  static let taps = 9

  let walk: StageWalk
  let batch: Int
  private let threads: Int
  private var lists = 0

  init(_ walk: StageWalk, batch: Int, size: SpatialSize, threads: Int) {
    self.walk = walk
    self.batch = batch
    self.threads = threads
    let maps = walk.isMembrane ? addMembraneStages(size) : addStages(size)
    shared = maps + lists
  }

  private mutating func addStages(_ size: SpatialSize) -> Int {
    var size = size
    var streams = 0
    var temporaries = inputBytes(size)
    for (index, stage) in walk.stages.enumerated() {
      let planesIn = index == 0 ? 0 : walk.stages[index - 1].planes
      let embedding = addEmbedding(stage.embedding, size, planes: planesIn)
      size = embedding.size
      let channels = stage.embedding.shortcut.outChannels
      streams += mapBytes(size, channels, planes: stage.planes)
      temporaries = max(temporaries, embedding.bytes)
      for block in stage.blocks {
        let bytes = addBlock(block, size, planes: stage.planes)
        temporaries = max(temporaries, bytes)
      }
    }
    return streams + temporaries
  }

  /// Bytes of the network's input.
  func inputBytes(_ size: SpatialSize) -> Int {
    Arena.bytes(
      Float.self, batch * walk.frames * size.count * walk.inputChannels)
  }

  /// Bytes of one worker.
  var scratch: Int {
    Arena.bytes(Float.self, slotFloats) + Arena.bytes(Float.self, pooledFloats)
      + Arena.bytes(Float.self, tableFloats) + Arena.bytes(UInt8.self, segmentPositions)
      + Arena.bytes(qkz_tap.self, Self.taps)
      + Arena.bytes(Int32.self, headChannels * headChannels)
      + Arena.bytes(Int32.self, channels)
  }

  func mapBytes(_ size: SpatialSize, _ channels: Int, planes: Int = 1) -> Int {
    let positions = walk.timeSteps * batch * size.count
    return Arena.bytes(
      UInt64.self,
      PlaneMap.wordCount(positions: positions, channels: channels, planes: planes))
  }

  mutating func addUnit(
    _ unit: ConvolutionUnit, units: Int = 1, _ size: SpatialSize, planes: Int,
    isChained: Bool = false
  ) -> (size: SpatialSize, bytes: Int) {
    let steps = planes == 0 ? walk.frames : walk.timeSteps
    let geometry = ConvolutionGeometry(
      unit, units: units, batch: batch, steps: steps, inputSize: size, planes: planes,
      isChained: isChained, threads: threads)
    let tile = KernelShape.tile
    slotFloats = max(slotFloats, geometry.mostSlots * tile)
    if unit.pools {
      pooledFloats = max(pooledFloats, geometry.outputSize.width * steps * tile)
    }
    if planes > 0 {
      tableFloats = max(tableFloats, KernelShape.tableCount * planes)
      segmentPositions = max(segmentPositions, geometry.segmentPositions)
      let widened =
        geometry.widens ? mapBytes(size, geometry.inChannels, planes: planes) : 0
      lists = max(lists, geometry.segmentsPerWave * geometry.segmentBytes + widened)
    }
    return (geometry.outputSize, mapBytes(geometry.outputSize, unit.outChannels) * units)
  }

  private mutating func addEmbedding(
    _ embedding: PatchEmbeddingPlan, _ size: SpatialSize, planes: Int
  ) -> (size: SpatialSize, bytes: Int) {
    var (size, planes) = (size, planes)
    var bytes = planes == 0 ? inputBytes(size) : 0
    var points = [(size, planes)]
    for unit in embedding.units {
      let added = addUnit(unit, size, planes: planes)
      (size, planes) = (added.size, 1)
      points.append((size, planes))
      bytes += added.bytes
    }
    let start = points[embedding.shortcutStart]
    bytes += addUnit(embedding.shortcut, start.0, planes: start.1).bytes
    return (size, bytes)
  }

  /// An attention up to its projection: Q, K, V, its own neurons, their current, and the masked or
  /// attended map.
  mutating func addMixing(_ attention: AttentionPlan, _ size: SpatialSize, planes: Int) -> Int {
    headChannels = max(headChannels, attention.headChannels)
    channels = max(channels, attention.channels)
    let current = AttentionCurrent(
      attention, timeSteps: walk.timeSteps, batch: batch, size: size)
    let readers = addUnit(
      attention.readers[0], units: attention.readers.count, size, planes: planes)
    return readers.bytes + Arena.bytes(Float.self, current.floats)
      + mapBytes(size, attention.channels) * 2
  }

  private mutating func addBlock(
    _ block: BlockPlan, _ size: SpatialSize, planes: Int
  ) -> Int {
    let attention = block.attention
    let bytes =
      addMixing(attention, size, planes: planes)
      + addUnit(attention.projection, size, planes: 1, isChained: attention.isChained)
      .bytes
    let expansion = addUnit(block.mlp.expansion, size, planes: planes).bytes
    return max(bytes, expansion + addUnit(block.mlp.contraction, size, planes: 1).bytes)
  }
}
