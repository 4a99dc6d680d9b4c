import SpikingModels

/// What the names and shapes of tensors decide about a model, whatever their configuration.
struct TensorEvidence {
  private let count: Int
  /// By canonical path.
  private let shapes: [String: [Int]]

  init(_ tensors: ImportedTensors) {
    count = tensors.named.count
    shapes = tensors.reading.shapes
  }

  /// A sentence for messages.
  var summary: String {
    guard let input = shapes["stage1/speds/unit0/conv/weight"], input.count == 4 else {
      return "\(count) tensors, not named as in a known code base"
    }
    let stages = stageSummaries.joined(separator: ", ")
    let classes = shapes["head/weight"]?.first.map(String.init) ?? "no"
    return "family \(family), \(input[1]) input channels, \(stages), \(classes) classes"
  }

  /// The families differ in the length of their first embedding.
  private var family: String {
    let hasUnit = { (unit: Int) in shapes["stage1/speds/unit\(unit)/conv/weight"] != nil }
    return hasUnit(3) ? "dvs" : hasUnit(2) ? "imagenet" : "cifar"
  }

  private var stageSummaries: [String] {
    (1...8).compactMap { stage in
      guard let embedding = shapes["stage\(stage)/speds/shortcut/conv/weight"]?.first else {
        return nil
      }
      let prefix = "stage\(stage)/block"
      let inside = shapes.keys.filter { $0.hasPrefix(prefix) }
      let blocks = Set(inside.compactMap { $0.dropFirst(prefix.count).split(separator: "/").first })
      let attention = inside.contains { $0.contains("/attention/v/") }
      return "stage \(stage): \(blocks.count) blocks of \(embedding) channels "
        + (attention ? "(ssa)" : "(qkta or qkca)")
    }
  }
}
