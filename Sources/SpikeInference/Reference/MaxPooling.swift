import SpikingModels

extension Activation {
  /// Max pooling: of real numbers, or of spikes, where it is an OR.
  func pooled(_ pool: Pool) -> Activation {
    switch self {
    case .real(let map): .real(map.pooled(pool, least: -.infinity))
    case .counts(let map): .counts(map.pooled(pool, least: 0))
    }
  }
}

extension ActivationMap where Element: Comparable {
  /// Max pooling; the window is visited row by row, and what lies in the padding does not count.
  fileprivate func pooled(_ pool: Pool, least: Element) -> ActivationMap<Element> {
    let pooled = size.divided(by: pool.stride)
    var output = ActivationMap(
      repeating: least, timeSteps: timeSteps, batch: batch, size: pooled, channels: channels)
    for frame in 0..<frames {
      for token in 0..<pooled.count {
        let target = output.offset(frame: frame, token: token)
        for row in pool.window(token / pooled.width, within: size.height) {
          for column in pool.window(token % pooled.width, within: size.width) {
            let source = offset(frame: frame, token: row * size.width + column)
            for channel in 0..<channels
            where values[source + channel] > output.values[target + channel] {
              output.values[target + channel] = values[source + channel]
            }
          }
        }
      }
    }
    return output
  }
}

extension Pool {
  /// The rows, or columns, of a window, without those in the padding.
  fileprivate func window(_ output: Int, within extent: Int) -> Range<Int> {
    let start = output * stride - padding
    return max(start, 0)..<min(start + kernel, extent)
  }
}
