import Concurrency
import SpikingModels

extension EngineParts {
  /// What a map holds, counted by words; samples and bands of tokens are shared among the threads.
  func frameCounts(of map: PlaneMap) -> FrameCounts {
    let bands = min(map.size.height, pool.threads * 2)
    let tokens = (map.size.count + bands - 1) / bands
    var parts = [FrameCounts.Frame](
      repeating: .init(), count: map.batch * bands * map.timeSteps)
    // SAFETY: each item writes the steps of its own sample and band.
    unsafe parts.withUnsafeMutableBufferPointer { parts in
      nonisolated(unsafe) let parts = unsafe parts
      pool.perform(map.batch * bands) { item, _ in
        let (b, band) = (item / bands, item % bands)
        let first = min(band * tokens, map.size.count)
        for token in first..<min(first + tokens, map.size.count) {
          for t in 0..<map.timeSteps {
            unsafe map.count(map.position(b, token, t), into: &parts[item * map.timeSteps + t])
          }
        }
      }
    }
    return collected(parts, of: map, bands: bands)
  }

  private func collected(
    _ parts: [FrameCounts.Frame], of map: PlaneMap, bands: Int
  ) -> FrameCounts {
    var counts = FrameCounts(
      batch: map.batch, elements: map.size.count * map.channels,
      frames: map.timeSteps * map.batch)
    for (index, part) in parts.enumerated() {
      let (item, t) = (index / map.timeSteps, index % map.timeSteps)
      counts.frames[t * map.batch + item / bands].add(part)
    }
    return counts
  }
}

extension PlaneMap {
  /// Adds the elements of one position; of each word, the largest element is found plane by plane.
  fileprivate func count(_ position: Int, into frame: inout FrameCounts.Frame) {
    for word in 0..<stride {
      let first = unsafe words + position * stride + word
      var (any, largest, value) = (UInt64(0), UInt64.max, 0)
      for plane in (0..<planes).reversed() {
        let bits = unsafe first[plane * planeCount]
        frame.sum += bits.nonzeroBitCount << plane
        any |= bits
        if bits & largest != 0 {
          largest &= bits
          value |= 1 << plane
        }
      }
      frame.nonzero += any.nonzeroBitCount
      frame.largest = max(frame.largest, value)
    }
  }
}

extension FrameCounts.Frame {
  fileprivate mutating func add(_ other: FrameCounts.Frame) {
    sum += other.sum
    nonzero += other.nonzero
    largest = max(largest, other.largest)
  }
}
