/// Floats at a fixed, aligned address, written once.
@safe
final class PackedFloats: @unchecked Sendable {
  // SAFETY: owned by this object, written in `init` only, freed with it.
  let values: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int, fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    unsafe values = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    let buffer = unsafe UnsafeMutableBufferPointer(start: values, count: count)
    unsafe buffer.update(repeating: 0)
    unsafe fill(buffer)
  }

  deinit { unsafe values.deallocate() }
}

/// A convolution's weights in the order in which the kernels read them.
struct PackedUnit: Sendable {
  let outChannels: Int
  let taps: Int
  /// Rows of 32 output channels for each tap: the input channels, padded to whole groups unless
  /// the input is real.
  let rows: Int
  /// `[tile][tap][row][32]`.
  let weights: PackedFloats
  /// `[tile][32]`.
  let scale: PackedFloats
  /// `[tile][32]`.
  let shift: PackedFloats

  /// - Parameters:
  ///   - unitWeights: `[O, I, k, k]`.
  ///   - taps: k times k.
  init(
    _ unitWeights: ConvolutionWeights, inChannels: Int, outChannels: Int, taps: Int, isReal: Bool
  ) {
    self.outChannels = outChannels
    self.taps = taps
    let tile = KernelShape.tile
    let tiles = KernelShape.tiles(outChannels)
    let group = KernelShape.groupChannels
    let rows = isReal ? inChannels : KernelShape.groups(inChannels) * group
    self.rows = rows
    weights = unsafe PackedFloats(count: tiles * taps * rows * tile) { packed in
      unsafe unitWeights.weight.withUnsafeBufferPointer { source in
        for output in 0..<outChannels {
          let target = output / tile * taps * rows * tile + output % tile
          for input in 0..<inChannels {
            let start = (output * inChannels + input) * taps
            for tap in 0..<taps {
              unsafe packed[target + (tap * rows + input) * tile] = unsafe source[start + tap]
            }
          }
        }
      }
    }
    scale = Self.padded(unitWeights.scale, tiles: tiles)
    shift = Self.padded(unitWeights.shift, tiles: tiles)
  }

  var tiles: Int { KernelShape.tiles(outChannels) }

  /// The weights of some tile from some row on, rows of all taps counted.
  func weights(tile: Int, row: Int = 0) -> UnsafeMutablePointer<Float> {
    unsafe weights.values + (tile * taps * rows + row) * KernelShape.tile
  }

  /// Batch normalisation of a tile.
  func scale(tile: Int) -> UnsafeMutablePointer<Float> {
    unsafe scale.values + tile * KernelShape.tile
  }
  func shift(tile: Int) -> UnsafeMutablePointer<Float> {
    unsafe shift.values + tile * KernelShape.tile
  }

  /// Which of a tile's output channels exist, one bit each.
  func lanes(tile: Int) -> UInt32 {
    let rest = outChannels - tile * KernelShape.tile
    return rest >= KernelShape.tile ? .max : (1 << rest) - 1
  }

  private static func padded(_ values: [Float], tiles: Int) -> PackedFloats {
    unsafe PackedFloats(count: tiles * KernelShape.tile) { packed in
      for (index, value) in values.enumerated() { unsafe packed[index] = value }
    }
  }
}
