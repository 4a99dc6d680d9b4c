import CSpikeKernels
import Concurrency
import SpikingModels

/// One unit of a convolution: its weights, and what becomes of the sums.
struct FastUnit {
  /// Neurons behind a convolution, and where they write.
  struct Neurons {
    let kernel: NeuronKernel
    /// The spikes, one plane.
    let output: PlaneMap
    /// Where an observer wants *X*: `[B, N, T, tile channels]`.
    let current: CurrentBuffer?
  }

  /// What reads the normalised sums.
  enum Target {
    case neurons(Neurons)
    /// A membrane, which they replace or to which they are added.
    case membrane(MembraneMap, adds: Bool)
  }

  let packed: PackedUnit
  let target: Target
}

/// Convolutions of one input, with their batch normalisation, pooling and neurons, strip by strip.
///
/// The order of every sum is that of `ConvolutionWithNorm`; strips, tiles and lists only say where
/// and when it is done. Units of one shape that read the same input (Q, K and V) share its lists.
struct FastConvolution {
  let geometry: ConvolutionGeometry
  let units: [FastUnit]
  let engine: EngineParts
  /// Where the work is counted, if it is.
  let counter: WorkCounter?

  private var kernels: SpikeKernels { engine.kernels }
  private var tile: Int { KernelShape.tile }

  /// A piece of work: one tile of one unit on one strip.
  private struct Item {
    let unit: FastUnit
    let tile: Int
    let index: Int
    let strip: ConvolutionGeometry.Strip
    let scratch: Workspace.Scratch
  }

  /// Calls `body` with every tile of every unit on some strips, on all threads.
  private func perform(_ strips: Range<Int>, _ body: (Item) -> Void) {
    let tiles = units[0].packed.tiles
    engine.pool.perform(strips.count * tiles * units.count) { item, worker in
      let index = strips.lowerBound + item / (tiles * units.count)
      body(
        Item(
          unit: units[item / tiles % units.count], tile: item % tiles, index: index,
          strip: geometry.strip(index), scratch: engine.scratch[worker]))
    }
  }

  // MARK: Counts of spikes

  /// Runs on counts of spikes, wave by wave: first the lists, then the tiles of every strip.
  func run(_ input: PlaneMap) {
    engine.arena.scope {
      let input = geometry.widens ? engine.widened(input) : input
      let bytes = geometry.segmentsPerWave * geometry.segmentBytes
      let memory = unsafe UnsafeMutableRawPointer(engine.arena.take(UInt8.self, bytes))
      var first = 0
      while first < geometry.strips {
        let strips = first..<min(first + geometry.stripsPerWave, geometry.strips)
        let lists = unsafe WaveLists(geometry, strips: strips, memory: memory)
        counter?.beginLists()
        lists.make(input, engine)
        counter?.add(lists, geometry, tiles: units[0].packed.tiles * units.count)
        perform(strips) { item in
          accumulate(lists, item)
          finish(item)
        }
        first = strips.upperBound
      }
    }
  }

  /// Kernel taps outermost, then blocks of channels; inside, the lists keep groups and planes in
  /// order.
  private func accumulate(_ lists: WaveLists, _ item: Item) {
    let (strip, scratch, packed) = (item.strip, item.scratch, item.unit.packed)
    let slots = unsafe scratch.slots
    let tapRows = packed.rows * packed.taps / geometry.taps
    unsafe slots.update(repeating: 0, count: geometry.slots(strip) * self.tile)
    for tap in 0..<geometry.taps {
      let dy = tap / geometry.kernelColumns - geometry.rowPadding
      let dx = tap % geometry.kernelColumns - geometry.columnPadding
      for block in 0..<geometry.blocks {
        unsafe kernels.table.tables(
          packed.weights(
            tile: item.tile, row: tap * tapRows + geometry.channel(block: block)),
          lists.channels(block), geometry.planes, geometry.groups(block: block), scratch.tables)
        if geometry.listsRows {
          let image = strip.images.lowerBound
          let sources =
            max(
              0, strip.convolved.lowerBound + dy)..<min(
              geometry.inputSize.height, strip.convolved.upperBound + dy)
          for row in sources {
            let slot = geometry.slot(strip, image: 0, row: row - dy, column: -dx)
            unsafe lists.withList(lists.segment(image: image, row: row), block) { list in
              unsafe kernels.table.accumulate(scratch.tables, list, slots + slot * self.tile)
            }
          }
        } else {
          let shift = -(dy * geometry.rowSlots + dx * geometry.columnSlots)
          unsafe lists.withList(lists.segment(strip: item.index), block) { list in
            unsafe kernels.table.accumulate(scratch.tables, list, slots + shift * self.tile)
          }
        }
      }
    }
  }

  // MARK: Real values

  /// Runs on real values `[B, frames, H, W, C]`: the first convolution of the network.
  func run(real input: UnsafePointer<Float>) {
    perform(0..<geometry.strips) { item in
      for (index, image) in item.strip.images.enumerated() {
        for row in item.strip.convolved {
          for step in 0..<geometry.steps {
            let frame = image * geometry.steps + step
            unsafe fold(
              input + frame * geometry.inputSize.count * geometry.inChannels, item, image: index,
              row: row, step: step)
          }
        }
      }
      finish(item)
    }
  }

  /// One row of one frame: the borders pixel by pixel with the taps that are inside, the rest at
  /// once.
  private func fold(
    _ frame: UnsafePointer<Float>, _ item: Item, image: Int, row: Int, step: Int
  ) {
    let (padding, stride, kernel) = (geometry.rowPadding, geometry.stride, geometry.kernelRows)
    let (packed, scratch) = (item.unit.packed, item.scratch)
    let width = geometry.size.width
    let pixel = geometry.inChannels
    let line = geometry.inputSize.width * pixel
    let inner =
      min(
        padding, width)..<max(
        min(padding, width),
        min(width, (geometry.inputSize.width - kernel + padding) / stride + 1))
    func pixels(_ columns: Range<Int>) {
      guard !columns.isEmpty else { return }
      var count = 0
      for tap in 0..<packed.taps {
        let y = row * stride + tap / kernel - padding
        let x = columns.lowerBound * stride + tap % kernel - padding
        guard (0..<geometry.inputSize.height).contains(y),
          (0..<geometry.inputSize.width).contains(x)
        else { continue }
        unsafe scratch.taps[count] = qkz_tap(
          input: y * line + x * pixel, weights: tap * packed.rows * self.tile)
        count += 1
      }
      let slot =
        geometry.slot(item.strip, image: image, row: row, column: columns.lowerBound) + step
      unsafe kernels.table.dense(
        frame, stride * pixel, packed.weights(tile: item.tile), scratch.taps, count, pixel,
        columns.count, scratch.slots + slot * self.tile, geometry.columnSlots * self.tile)
    }
    for column in 0..<inner.lowerBound { pixels(column..<column + 1) }
    pixels(inner)
    for column in inner.upperBound..<width { pixels(column..<column + 1) }
  }

  // MARK: After the sum

  private func finish(_ item: Item) {
    switch item.unit.target {
    case .neurons(let neurons): fire(item, neurons)
    case .membrane(let membrane, let adds): store(item, membrane, adds: adds)
    }
  }

  /// Normalises, pools where the unit has it, and stores or adds.
  private func store(_ item: Item, _ membrane: MembraneMap, adds: Bool) {
    let (strip, scratch) = (item.strip, item.scratch)
    unsafe kernels.table.normalise(
      scratch.slots, geometry.slots(strip), item.unit.packed.scale(tile: item.tile),
      item.unit.packed.shift(tile: item.tile))
    for image in strip.images {
      let index = image - strip.images.lowerBound
      for row in strip.rows {
        if geometry.pools { pool(item, image: index, row: row) }
        let slot = geometry.pools ? 0 : geometry.slot(strip, image: index, row: row, column: 0)
        let source = unsafe geometry.pools ? scratch.pooled : scratch.slots
        unsafe membrane.take(
          source + slot * tile, columnStride: geometry.columnSlots * tile,
          columns: geometry.outputSize.width, image: image,
          token: row * geometry.outputSize.width, tile: item.tile, adds: adds)
      }
    }
  }

  /// Normalises, pools where the unit has it, charges and fires.
  private func fire(_ item: Item, _ neurons: FastUnit.Neurons) {
    let (strip, scratch) = (item.strip, item.scratch)
    if geometry.pools {
      unsafe kernels.table.normalise(
        scratch.slots, geometry.slots(strip), item.unit.packed.scale(tile: item.tile),
        item.unit.packed.shift(tile: item.tile))
    }
    // Chained images share their states, so the row of all of them is one call.
    let images = neurons.kernel.isChained ? 1 : strip.images.count
    for image in 0..<images {
      for row in strip.rows {
        if geometry.pools {
          pool(item, image: image, row: row)
          unsafe fireRow(item, neurons, image, row, from: scratch.pooled)
        } else {
          let slot = geometry.slot(strip, image: image, row: row, column: 0)
          unsafe fireRow(item, neurons, image, row, from: scratch.slots + slot * tile)
        }
      }
    }
  }

  /// The window of 3x3 is visited row by row; all steps of a position at once.
  private func pool(_ item: Item, image: Int, row: Int) {
    let count = geometry.steps * tile
    for column in 0..<geometry.outputSize.width {
      let target = unsafe item.scratch.pooled + column * count
      unsafe target.update(repeating: -.infinity, count: count)
      for y in max(row * 2 - 1, 0)...min(row * 2 + 1, geometry.size.height - 1) {
        for x in max(column * 2 - 1, 0)...min(column * 2 + 1, geometry.size.width - 1) {
          let slot = geometry.slot(item.strip, image: image, row: y, column: x)
          unsafe kernels.table.maximum(target, item.scratch.slots + slot * tile, count)
        }
      }
    }
  }

  /// Fires a row of sums, or of currents where the pooling has normalised them.
  private func fireRow(
    _ item: Item, _ neurons: FastUnit.Neurons, _ image: Int, _ row: Int,
    from slots: UnsafePointer<Float>
  ) {
    let (packed, neuron) = (item.unit.packed, neurons.kernel)
    let target = NeuronTarget(
      output: neurons.output, tile: item.tile, image: item.strip.images.lowerBound + image,
      token: row * geometry.outputSize.width, lanes: packed.lanes(tile: item.tile),
      current: neurons.current)
    let step = geometry.steps == 1 ? 0 : tile
    let member = neuron.isChained ? geometry.imageSlots(item.strip) * tile : 0
    unsafe neuron.fire(
      target, chains: geometry.outputSize.width,
      members: neuron.isChained ? item.strip.images.count : 1,
      x: slots, strides: (geometry.columnSlots * tile, member, step),
      scale: geometry.pools ? nil : packed.scale(tile: item.tile),
      shift: geometry.pools ? nil : packed.shift(tile: item.tile))
  }
}
