import SpikingModels

/// Q-K attention: Q says which tokens or channels of K pass.
enum QueryKeyAttention {
  /// Token attention's input current: Q summed over the channels of each head,
  /// `[T, B, N, C]` to `[T, B, N, heads]` (paper, equation 8).
  static func tokenCurrent(_ query: SpikeCountMap, heads: Int) -> CurrentMap {
    let headChannels = query.channels / heads
    let sums = (0..<query.values.count / headChannels).map { head in
      let start = head * headChannels
      return Float(query.values[start..<start + headChannels].reduce(0) { $0 + Int($1) })
    }
    return query.map(channels: heads, sums)
  }

  /// K where its head's token, or its channel, fired: `[T, B, N, C]`.
  static func mask(_ key: SpikeCountMap, by mask: SpikeCountMap, over axis: Axis) -> SpikeCountMap {
    switch axis {
    case .tokens: self.mask(key, byTokens: mask)
    case .channels: self.mask(key, byChannels: mask)
    case .time: preconditionFailure("no step is masked")
    }
  }

  /// K where its head's token fired.
  private static func mask(_ key: SpikeCountMap, byTokens mask: SpikeCountMap) -> SpikeCountMap {
    let headChannels = key.channels / mask.channels
    let values = key.values.indices.map { key.values[$0] & mask.values[$0 / headChannels] }
    return key.map(channels: key.channels, values)
  }

  /// Channel attention's input current: Q summed over the tokens, `[T, B, N, C]` to
  /// `[T, B, 1, C]` (paper, equation 9).
  static func channelCurrent(_ query: SpikeCountMap) -> CurrentMap {
    var sums = [Int](repeating: 0, count: query.frames * query.channels)
    for frame in 0..<query.frames {
      for token in 0..<query.size.count {
        let source = query.offset(frame: frame, token: token)
        for channel in 0..<query.channels {
          sums[frame * query.channels + channel] += Int(query.values[source + channel])
        }
      }
    }
    var current = CurrentMap(
      repeating: 0, timeSteps: query.timeSteps, batch: query.batch,
      size: .init(height: 1, width: 1), channels: query.channels)
    current.values = sums.map(Float.init)
    return current
  }

  /// K where its channel fired.
  private static func mask(_ key: SpikeCountMap, byChannels mask: SpikeCountMap) -> SpikeCountMap {
    let values = key.values.indices.map { index in
      let frame = index / key.frameCount
      return key.values[index] & mask.values[frame * key.channels + index % key.channels]
    }
    return key.map(channels: key.channels, values)
  }
}
