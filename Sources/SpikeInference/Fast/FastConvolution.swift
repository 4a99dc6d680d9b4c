import CSpikeKernels
import Concurrency
import QKFormerModel

/// A convolution, its batch normalisation, its pooling and its neurons, strip by strip.
///
/// The order of every sum is that of `ConvolutionWithNorm`; strips, tiles and lists only say where
/// and when it is done.
struct FastConvolution {
  let packed: PackedUnit
  let geometry: ConvolutionGeometry
  let neuron: NeuronKernel
  let engine: EngineParts
  /// The spikes, one plane.
  let output: PlaneMap
  /// Where an observer wants *X*: `[B, N, T, tile channels]`.
  let current: CurrentBuffer?

  private var unit: ConvolutionUnit { geometry.unit }
  private var kernels: SpikeKernels { engine.kernels }
  private var tile: Int { KernelShape.tile }

  // MARK: Counts of spikes

  /// Runs on counts of spikes, wave by wave: first the lists, then the tiles of every strip.
  func run(_ input: PlaneMap) {
    engine.arena.scope {
      let bytes = geometry.segmentsPerWave * geometry.segmentBytes
      let memory = unsafe UnsafeMutableRawPointer(engine.arena.take(UInt8.self, bytes))
      var first = 0
      while first < geometry.strips {
        let strips = first..<min(first + geometry.stripsPerWave, geometry.strips)
        let lists = unsafe WaveLists(geometry, strips: strips, memory: memory)
        lists.make(input, engine)
        let tiles = packed.tiles
        engine.pool.perform(strips.count * tiles) { item, worker in
          let strip = geometry.strip(strips.lowerBound + item / tiles)
          let scratch = engine.scratch[worker]
          accumulate(lists, strip, index: strips.lowerBound + item / tiles, item % tiles, scratch)
          fire(strip, tile: item % tiles, scratch)
        }
        first = strips.upperBound
      }
    }
  }

  /// Kernel taps outermost, then blocks of channels; inside, the lists keep groups and planes in
  /// order.
  private func accumulate(
    _ lists: WaveLists, _ strip: ConvolutionGeometry.Strip, index: Int, _ tile: Int,
    _ scratch: Workspace.Scratch
  ) {
    let slots = unsafe scratch.slots
    unsafe slots.update(repeating: 0, count: geometry.slots(strip) * self.tile)
    for tap in 0..<packed.taps {
      let dy = tap / unit.kernel - geometry.padding
      let dx = tap % unit.kernel - geometry.padding
      for block in 0..<KernelShape.blocks(unit.inChannels) {
        unsafe kernels.table.tables(
          packed.weights(tile: tile, tap: tap, row: block * KernelShape.blockChannels),
          lists.channels(block), geometry.planes, geometry.groups(block: block), scratch.tables)
        if geometry.listsRows {
          let image = strip.images.lowerBound
          let sources =
            max(0, strip.convolved.lowerBound + dy)
            ..< min(geometry.inputSize.height, strip.convolved.upperBound + dy)
          for row in sources {
            let slot = geometry.slot(strip, image: 0, row: row - dy, column: -dx)
            unsafe lists.withList(lists.segment(image: image, row: row), block) { list in
              unsafe kernels.table.accumulate(scratch.tables, list, slots + slot * self.tile)
            }
          }
        } else {
          let shift = -(dy * geometry.rowSlots + dx * geometry.columnSlots)
          unsafe lists.withList(lists.segment(strip: index), block) { list in
            unsafe kernels.table.accumulate(scratch.tables, list, slots + shift * self.tile)
          }
        }
      }
    }
  }

  // MARK: Real values

  /// Runs on real values `[B, frames, H, W, C]`: the first convolution of the network.
  func run(real input: UnsafePointer<Float>) {
    let tiles = packed.tiles
    engine.pool.perform(geometry.strips * tiles) { item, worker in
      let strip = geometry.strip(item / tiles)
      let scratch = engine.scratch[worker]
      for (index, image) in strip.images.enumerated() {
        for row in strip.convolved {
          for step in 0..<geometry.steps {
            let frame = image * geometry.steps + step
            unsafe fold(
              input + frame * geometry.inputSize.count * unit.inChannels, strip, image: index,
              row: row, step: step, tile: item % tiles, scratch)
          }
        }
      }
      fire(strip, tile: item % tiles, scratch)
    }
  }

  /// One row of one frame: the borders pixel by pixel with the taps that are inside, the rest at
  /// once.
  private func fold(
    _ frame: UnsafePointer<Float>, _ strip: ConvolutionGeometry.Strip, image: Int, row: Int,
    step: Int, tile: Int, _ scratch: Workspace.Scratch
  ) {
    let (padding, stride) = (geometry.padding, unit.stride)
    let width = geometry.size.width
    let pixel = unit.inChannels
    let line = geometry.inputSize.width * pixel
    let inner = min(padding, width)
      ..< max(
        min(padding, width),
        min(width, (geometry.inputSize.width - unit.kernel + padding) / stride + 1))
    func pixels(_ columns: Range<Int>) {
      guard !columns.isEmpty else { return }
      var count = 0
      for tap in 0..<packed.taps {
        let y = row * stride + tap / unit.kernel - padding
        let x = columns.lowerBound * stride + tap % unit.kernel - padding
        guard (0..<geometry.inputSize.height).contains(y),
          (0..<geometry.inputSize.width).contains(x)
        else { continue }
        unsafe scratch.taps[count] = qkz_tap(
          input: y * line + x * pixel, weights: tap * packed.rows * self.tile)
        count += 1
      }
      let slot = geometry.slot(strip, image: image, row: row, column: columns.lowerBound) + step
      unsafe kernels.table.dense(
        frame, stride * pixel, packed.weights(tile: tile, tap: 0), scratch.taps, count, pixel,
        columns.count, scratch.slots + slot * self.tile, geometry.columnSlots * self.tile)
    }
    for column in 0..<inner.lowerBound { pixels(column..<column + 1) }
    pixels(inner)
    for column in inner.upperBound..<width { pixels(column..<column + 1) }
  }

  // MARK: After the sum

  /// Normalises, pools where the unit has it, charges and fires.
  private func fire(
    _ strip: ConvolutionGeometry.Strip, tile: Int, _ scratch: Workspace.Scratch
  ) {
    if unit.pools {
      unsafe kernels.table.normalise(
        scratch.slots, geometry.slots(strip), packed.scale.values + tile * self.tile,
        packed.shift.values + tile * self.tile)
    }
    // Chained images share their states, so the row of all of them is one call.
    let images = neuron.isChained ? 1 : strip.images.count
    for image in 0..<images {
      for row in strip.rows {
        if unit.pools {
          pool(strip, image: image, row: row, scratch)
          unsafe fireRow(strip, image, row, tile, from: scratch.pooled, isNormalised: true)
        } else {
          let slot = geometry.slot(strip, image: image, row: row, column: 0)
          unsafe fireRow(
            strip, image, row, tile, from: scratch.slots + slot * self.tile, isNormalised: false)
        }
      }
    }
  }

  /// The window of 3x3 is visited row by row; all steps of a position at once.
  private func pool(
    _ strip: ConvolutionGeometry.Strip, image: Int, row: Int, _ scratch: Workspace.Scratch
  ) {
    let count = geometry.steps * tile
    for column in 0..<geometry.outputSize.width {
      let target = unsafe scratch.pooled + column * count
      unsafe target.update(repeating: -.infinity, count: count)
      for y in max(row * 2 - 1, 0)...min(row * 2 + 1, geometry.size.height - 1) {
        for x in max(column * 2 - 1, 0)...min(column * 2 + 1, geometry.size.width - 1) {
          let slot = geometry.slot(strip, image: image, row: y, column: x)
          unsafe kernels.table.maximum(target, scratch.slots + slot * tile, count)
        }
      }
    }
  }

  private func fireRow(
    _ strip: ConvolutionGeometry.Strip, _ image: Int, _ row: Int, _ tile: Int,
    from slots: UnsafePointer<Float>, isNormalised: Bool
  ) {
    let target = NeuronTarget(
      output: output, tile: tile, image: strip.images.lowerBound + image,
      token: row * geometry.outputSize.width, lanes: packed.lanes(tile: tile), current: current)
    let step = geometry.steps == 1 ? 0 : self.tile
    let member = neuron.isChained ? geometry.imageSlots(strip) * self.tile : 0
    unsafe neuron.fire(
      target, chains: geometry.outputSize.width,
      members: neuron.isChained ? strip.images.count : 1,
      x: slots, strides: (geometry.columnSlots * self.tile, member, step),
      scale: isNormalised ? nil : packed.scale.values + tile * self.tile,
      shift: isNormalised ? nil : packed.shift.values + tile * self.tile)
  }
}

extension ConvolutionGeometry {
  /// Groups of one block.
  func groups(block: Int) -> Int {
    min(KernelShape.groups, KernelShape.groups(unit.inChannels) - block * KernelShape.groups)
  }
}
