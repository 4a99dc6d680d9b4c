import SpikeTensors

/// What the names and shapes of tensors decide about a model, whatever their configuration.
struct TensorEvidence {
  private let shapes: [String: [Int]]

  init(_ tensors: [String: Tensor]) { shapes = tensors.mapValues(\.shape) }

  /// A sentence for messages.
  var summary: String {
    guard let input = shapes["patch_embed1.proj_conv.weight"], input.count == 4 else {
      return "\(shapes.count) tensors, not named as in the released code"
    }
    let stages = stageSummaries.joined(separator: ", ")
    let classes = shapes["head.weight"]?.first.map(String.init) ?? "no"
    return "family \(family), \(input[1]) input channels, \(stages), \(classes) classes"
  }

  /// `fc1` is ImageNet's name; `dvs` alone has a fourth convolution in its first embedding.
  private var family: String {
    if shapes.keys.contains(where: { $0.contains(".mlp.fc1_") }) { return "imagenet" }
    return shapes["patch_embed1.proj3_conv.weight"] != nil ? "dvs" : "cifar"
  }

  private var stageSummaries: [String] {
    (1...8).compactMap { stage in
      guard let embedding = shapes["patch_embed\(stage).proj_res_conv.weight"]?.first else {
        return nil
      }
      let prefix = "stage\(stage)."
      let blocks = Set(
        shapes.keys.filter { $0.hasPrefix(prefix) }
          .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first })
      let attention = shapes.keys.contains { $0.hasPrefix(prefix) && $0.contains(".v_conv.") }
      return "stage \(stage): \(blocks.count) blocks of \(embedding) channels "
        + (attention ? "(ssa)" : "(qkta or qkca)")
    }
  }
}
