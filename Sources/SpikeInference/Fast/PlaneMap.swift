import SpikingModels

/// Counts of spikes in binary planes, `x = sum_p 2^p x_p`, with axes `[plane][B, N, T, C]`.
///
/// The channels of a position are bits of whole 64-bit words, the rest of the last one zero. Time
/// is next to innermost because a neuron reads its steps one after the other.
@safe
struct PlaneMap {
  let timeSteps: Int
  let batch: Int
  let size: SpatialSize
  let channels: Int
  /// Planes there is room for.
  let planes: Int
  // SAFETY: the arena outlives every map of a forward pass; workers write disjoint positions.
  nonisolated(unsafe) let words: UnsafeMutablePointer<UInt64>

  init(
    _ arena: Arena, timeSteps: Int, batch: Int, size: SpatialSize, channels: Int, planes: Int = 1
  ) {
    self.timeSteps = timeSteps
    self.batch = batch
    self.size = size
    self.channels = channels
    self.planes = planes
    let count = Self.wordCount(
      positions: timeSteps * batch * size.count, channels: channels, planes: planes)
    unsafe words = arena.take(UInt64.self, count)
  }

  /// Words of a map.
  static func wordCount(positions: Int, channels: Int, planes: Int) -> Int {
    positions * KernelShape.words(channels) * planes
  }

  /// Words of one position.
  var stride: Int { KernelShape.words(channels) }
  /// Positions: B N T.
  var positions: Int { batch * size.count * timeSteps }
  /// Words of one plane.
  var planeCount: Int { positions * stride }

  /// One plane.
  func plane(_ index: Int) -> UnsafeMutablePointer<UInt64> {
    unsafe words + index * planeCount
  }

  /// The number of the position.
  func position(_ b: Int, _ token: Int, _ t: Int) -> Int {
    (b * size.count + token) * timeSteps + t
  }

  /// Sets all planes from one on to zero.
  func clear(from plane: Int) {
    guard plane < planes else { return }
    unsafe self.plane(plane).update(repeating: 0, count: (planes - plane) * planeCount)
  }
}

extension PlaneMap {
  /// The counts as an observer sees them, `[T, B, N, C]`.
  func counts() -> SpikeCountMap {
    var map = SpikeCountMap(
      repeating: 0, timeSteps: timeSteps, batch: batch, size: size, channels: channels)
    unsafe map.values.withUnsafeMutableBufferPointer { values in
      forEachPosition { position, start in
        for plane in 0..<planes {
          let words = unsafe self.plane(plane) + position * stride
          for word in 0..<stride {
            var rest = unsafe words[word]
            while rest != 0 {
              let channel = word * 64 + rest.trailingZeroBitCount
              unsafe values[start + channel] |= UInt8(1) << plane
              rest &= rest - 1
            }
          }
        }
      }
    }
    return map
  }

  /// Replaces the spikes of a map of one plane.
  func replace(by map: SpikeCountMap) {
    precondition(planes == 1 && map.values.count == positions * channels, "a map of another shape")
    clear(from: 0)
    forEachPosition { position, start in
      let words = unsafe self.words + position * stride
      for channel in 0..<channels where map.values[start + channel] != 0 {
        unsafe words[channel / 64] |= 1 << (channel % 64)
      }
    }
  }

  /// Every position here, with where its channels start in `[T, B, N, C]`.
  private func forEachPosition(_ body: (_ position: Int, _ start: Int) -> Void) {
    for t in 0..<timeSteps {
      for b in 0..<batch {
        for token in 0..<size.count {
          body(position(b, token, t), ((t * batch + b) * size.count + token) * channels)
        }
      }
    }
  }
}
