import QKFormerModel

/// The classifier: averages over tokens and steps, and a linear map; no spikes.
struct ClassificationHead {
  let plan: NetworkPlan
  // Not the whole model: an engine keeps its head, and must not keep every weight with it.
  private let weight: [Float]
  private let bias: [Float]

  init(plan: NetworkPlan, weights: ModelWeights) {
    self.plan = plan
    weight = weights.headWeight
    bias = weights.headBias
  }

  /// The features that the linear map reads: `[B][D]` for mean-then-head, `[T*B][D]` for
  /// head-then-mean.
  ///
  /// Sums of counts are exact integers; the one division is the only rounding.
  func features(_ stream: SpikeCountMap) -> [[Float]] {
    let tokens = stream.size.count
    switch plan.configuration.readout {
    case .meanThenHead:
      return (0..<stream.batch).map { sample in
        let frames = (0..<stream.timeSteps).map { $0 * stream.batch + sample }
        return mean(stream, frames, over: stream.timeSteps * tokens)
      }
    case .headThenMean:
      return (0..<stream.frames).map { mean(stream, [$0], over: tokens) }
    }
  }

  private func mean(_ stream: SpikeCountMap, _ frames: [Int], over count: Int) -> [Float] {
    var sums = [Int](repeating: 0, count: stream.channels)
    for frame in frames {
      for token in 0..<stream.size.count {
        let start = stream.offset(frame: frame, token: token)
        for channel in 0..<stream.channels { sums[channel] += Int(stream.values[start + channel]) }
      }
    }
    return sums.map { Float($0) / Float(count) }
  }

  /// The logits of every sample, `[B][classes]`, by some implementation of the linear map.
  func logits(
    _ features: [[Float]], batch: Int, linear: ([Float]) -> [Float]
  ) -> [[Float]] {
    let outputs = features.map(linear)
    switch plan.configuration.readout {
    case .meanThenHead: return outputs
    case .headThenMean:
      let steps = features.count / batch
      return (0..<batch).map { sample in
        let sums = (0..<steps).reduce([Float](repeating: 0, count: plan.configuration.classes)) {
          zip($0, outputs[$1 * batch + sample]).map(+)
        }
        return sums.map { $0 / Float(steps) }
      }
    }
  }

  /// `W x + b`: a left fold of fused multiply-adds, the bias last.
  func linear(_ features: [Float]) -> [Float] {
    (0..<plan.configuration.classes).map { row in
      var sum: Float = 0
      for (column, feature) in features.enumerated() {
        sum.addProduct(feature, weight[row * features.count + column])
      }
      return sum + bias[row]
    }
  }
}
