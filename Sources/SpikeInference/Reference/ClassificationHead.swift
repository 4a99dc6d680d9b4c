import SpikingModels

/// The classifier: a linear map of features, no spikes.
struct ClassificationHead {
  let classifier: Classifier
  // Not the whole model: an engine keeps its head, and must not keep every weight with it.
  private let weight: [Float]
  private let bias: [Float]

  init(_ classifier: Classifier, _ weights: ModelWeights) {
    self.classifier = classifier
    weight = weights.headWeight
    bias = weights.headBias
  }

  /// The linear map of every row of features, `[T, B, 1, D]` to `[T, B, 1, classes]`.
  func logits(_ features: CurrentMap) -> CurrentMap {
    let rows = stride(from: 0, to: features.values.count, by: classifier.features).map { start in
      linear(Array(features.values[start..<start + classifier.features]))
    }
    return features.map(channels: classifier.classes, rows.flatMap { $0 })
  }

  /// The logits of every sample, `[B][classes]`, of one row for each step and sample; averaged over
  /// the steps by a left fold and one division.
  func averaged(_ logits: CurrentMap) -> [[Float]] {
    averaged((0..<logits.frames).map { logits.published(frame: $0) }, batch: logits.batch)
  }

  /// The same of rows in the order `t * B + b`.
  func averaged(_ rows: [[Float]], batch: Int) -> [[Float]] {
    guard classifier.averagesSteps else { return rows }
    let steps = rows.count / batch
    return (0..<batch).map { sample in
      let sums = (0..<steps).reduce([Float](repeating: 0, count: classifier.classes)) {
        zip($0, rows[$1 * batch + sample]).map(+)
      }
      return sums.map { $0 / Float(steps) }
    }
  }

  /// `W x + b`: a left fold of fused multiply-adds, the bias last.
  func linear(_ features: [Float]) -> [Float] {
    (0..<classifier.classes).map { row in
      var sum: Float = 0
      for (column, feature) in features.enumerated() {
        sum.addProduct(feature, weight[row * features.count + column])
      }
      return sum + bias[row]
    }
  }
}
