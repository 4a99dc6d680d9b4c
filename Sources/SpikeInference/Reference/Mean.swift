import SpikingModels

extension ActivationMap<UInt8> {
  /// The mean of counts, `[T, B, N, C]` to `[T, B, 1, C]`, or `[1, B, 1, C]` over the steps too.
  ///
  /// Sums of counts are exact integers; the one division is the only rounding.
  func mean(over axes: [Axis]) -> CurrentMap {
    averaged(over: axes) { positions, channel in
      Float(positions.reduce(0) { $0 + Int(values[$1 + channel]) }) / Float(positions.count)
    }
  }
}

extension ActivationMap<Float> {
  /// The mean of a membrane: a left fold in float64, steps and then tokens ascending, one division,
  /// rounded once.
  func mean(over axes: [Axis]) -> CurrentMap {
    averaged(over: axes) { positions, channel in
      let sum = positions.reduce(Double(0)) { $0 + Double(values[$1 + channel]) }
      return Float(sum / Double(positions.count))
    }
  }
}

extension ActivationMap {
  /// Every channel of every sample, averaged by `mean` over the positions at which its elements start.
  fileprivate func averaged(
    over axes: [Axis], _ mean: (_ positions: [Int], _ channel: Int) -> Float
  ) -> CurrentMap {
    precondition(axes.contains(.tokens), "a mean is over tokens at least")
    let overTime = axes.contains(.time)
    var result = CurrentMap(
      repeating: 0, timeSteps: overTime ? 1 : timeSteps, batch: batch,
      size: SpatialSize(height: 1, width: 1), channels: channels)
    for frame in 0..<result.frames {
      let frames = overTime ? (0..<timeSteps).map { $0 * batch + frame } : [frame]
      let positions = frames.flatMap { frame in
        (0..<size.count).map { offset(frame: frame, token: $0) }
      }
      for channel in 0..<channels {
        result.values[frame * channels + channel] = mean(positions, channel)
      }
    }
    return result
  }
}
