import Concurrency
import SpikingModels

/// Membranes: real numbers with axes `[B, N, T, channels padded to whole tiles]`.
struct MembraneMap {
  /// Steps that are stored: one where all of them are the same.
  let timeSteps: Int
  let batch: Int
  let size: SpatialSize
  let channels: Int
  let buffer: CurrentBuffer

  init(_ arena: Arena, timeSteps: Int, batch: Int, size: SpatialSize, channels: Int) {
    self.timeSteps = timeSteps
    self.batch = batch
    self.size = size
    self.channels = channels
    let floats = Self.floats(positions: timeSteps * batch * size.count, channels: channels)
    unsafe buffer = CurrentBuffer(arena.take(Float.self, floats), channels: channels)
  }

  /// Floats of a map.
  static func floats(positions: Int, channels: Int) -> Int {
    positions * CurrentBuffer.stride(channels)
  }

  /// The number of the position.
  func position(_ b: Int, _ token: Int, _ t: Int) -> Int {
    (b * size.count + token) * timeSteps + t
  }

  /// Stores a tile of some neighbouring tokens, all their steps, or adds it to what is there; each
  /// sum is rounded once.
  func take(
    _ x: UnsafePointer<Float>, columnStride: Int, columns: Int, image: Int, token: Int, tile: Int,
    adds: Bool
  ) {
    let first = unsafe buffer.values + position(image, token, 0) * buffer.stride
    for column in 0..<columns {
      for step in 0..<timeSteps {
        let source = unsafe x + column * columnStride + step * KernelShape.tile
        let target =
          unsafe first + (column * timeSteps + step) * buffer.stride + tile * KernelShape.tile
        guard adds else {
          unsafe target.update(from: source, count: KernelShape.tile)
          continue
        }
        for lane in 0..<KernelShape.tile {
          unsafe target[lane] += source[lane]
        }
      }
    }
  }
}

extension EngineParts {
  /// Neurons fire on currents of as many steps as the spikes have, or of one that is repeated.
  func fire(_ neuron: NeuronKernel, _ current: CurrentBuffer, steps: Int, into fired: PlaneMap) {
    let tiles = KernelShape.tiles(fired.channels)
    let rows = fired.batch * fired.size.height
    pool.perform(rows * tiles) { item, _ in
      let (row, tile) = (item / tiles, item % tiles)
      let rest = fired.channels - tile * KernelShape.tile
      let token = row % fired.size.height * fired.size.width
      let target = NeuronTarget(
        output: fired, tile: tile, image: row / fired.size.height, token: token,
        lanes: rest >= KernelShape.tile ? .max : (1 << rest) - 1, current: nil)
      let position = (target.image * fired.size.count + token) * steps
      unsafe neuron.fire(
        target, chains: fired.size.width,
        x: current.values + position * current.stride + tile * KernelShape.tile,
        strides: (current.stride * steps, 0, steps == 1 ? 0 : current.stride))
    }
  }

  /// The mean over tokens, as `CurrentMap.meanOverTokens`.
  func meanOverTokens(_ membrane: MembraneMap, into mean: MembraneMap) {
    let tokens = membrane.size.count
    pool.perform(membrane.batch * membrane.timeSteps) { item, _ in
      let (b, t) = (item / membrane.timeSteps, item % membrane.timeSteps)
      let first =
        unsafe membrane.buffer.values + membrane.position(b, 0, t) * membrane.buffer.stride
      let target = unsafe mean.buffer.values + mean.position(b, 0, t) * mean.buffer.stride
      for channel in 0..<membrane.channels {
        var sum = 0.0
        for token in 0..<tokens {
          let offset = token * membrane.timeSteps * membrane.buffer.stride
          sum += unsafe Double(first[offset + channel])
        }
        unsafe target[channel] = Float(sum / Double(tokens))
      }
    }
  }
}
