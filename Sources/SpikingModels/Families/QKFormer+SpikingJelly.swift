// SpikingJelly 2.0's QKFormer: one module for Q and K, or Q, K and V, linear maps as convolutions over
// tokens, and biases in the embeddings instead of the projections.

extension QKFormer {
  /// The names in SpikingJelly; `nil` for a network that its class cannot be.
  var spikingJellyNames: NameTable? {
    let mixers = stages.map(\.mixer)
    guard family == .imagenet, residual == .spikeAddition, readout == .meanThenHead,
      mixers.count == 3,
      mixers[0] == mixers[1], mixers[0] != .ssa, mixers[2] == .ssa
    else { return nil }
    return NameTable(
      Self.embeddingRules
        + stages.indices.flatMap { stage in
          Self.blockRules("stage\(stage + 1)", isSelfAttention: mixers[stage] == .ssa)
        } + [Self.headRule])
  }

  /// The rules without a configuration.
  static let spikingJellyTables = [
    NameTable(
      embeddingRules + blockRules("stage{s}", isSelfAttention: true)
        + blockRules("stage{s}", isSelfAttention: false) + [headRule])
  ]

  /// The same network with the biases that a code base has; `nil` if that has no such network.
  public func expressed(by naming: Naming) -> QKFormer? {
    guard names(naming) != nil else { return nil }
    var design = self
    design.biases = naming == .spikingjelly ? Self.spikingJellyBiases : Self.releasedBiases
    return design
  }

  private static let headRule = NameRule("head", "head", axes: .init(2))

  /// A unit whose three modules have a number, as in `conv1`, `bn1`, `lif1`.
  private static func numbered(
    _ path: String, _ name: String, _ conv: String, _ number: Int, axes: NameRule.Axes
  ) -> [NameRule] {
    [
      NameRule("\(path)/conv", "\(name).\(conv)\(number)", axes: axes),
      NameRule("\(path)/bn", "\(name).bn\(number)"),
      NameRule("\(path)/lif", "\(name).lif\(number)"),
    ]
  }

  private static let embeddingRules: [NameRule] = {
    let maps = NameRule.Axes(4)
    let first = (0..<3).flatMap {
      numbered("stage1/speds/unit\($0)", "patch_embed1", "conv", $0 + 1, axes: maps)
    }
    let later = (0..<2).flatMap {
      numbered("stage{s}/speds/unit\($0)", "patch_embed{s}", "conv", $0 + 1, axes: maps)
    }
    let shortcut = ["conv", "bn", "lif"].enumerated().map { index, part in
      NameRule(
        "stage{s}/speds/shortcut/\(part)", "patch_embed{s}.shortcut.\(index)",
        axes: part == "conv" ? maps : nil)
    }
    return first + later + shortcut
  }()

  private static func blockRules(_ stage: String, isSelfAttention: Bool) -> [NameRule] {
    let (path, name) = ("\(stage)/block{b}", "\(stage).{b}")
    let tokens = NameRule.Axes(3)
    let parts = isSelfAttention ? ["q", "k", "v"] : ["q", "k"]
    let joined = NameRule.Joined("u", parts)
    let module = "\(name).attn.\(parts.joined())"
    let attention = "\(path)/attention"
    return [
      NameRule("\(attention)/{u}/conv", "\(module)_conv_bn.0", joining: joined, axes: tokens),
      NameRule("\(attention)/{u}/bn", "\(module)_conv_bn.1", joining: joined),
      NameRule("\(attention)/{u}/lif", "\(module)_lif", joining: joined),
      NameRule("\(attention)/lif", "\(name).attn.attn_lif"),
      NameRule("\(attention)/projection/conv", "\(name).attn.proj_conv_bn.0", axes: tokens),
      NameRule("\(attention)/projection/bn", "\(name).attn.proj_conv_bn.1"),
      NameRule("\(attention)/projection/lif", "\(name).attn.proj_lif"),
    ]
      + numbered(
        "\(path)/mlp/expansion", "\(name).mlp", "fc", 1, axes: .init(4, named: 3))
      + numbered(
        "\(path)/mlp/contraction", "\(name).mlp", "fc", 2, axes: .init(4, named: 3))
  }
}
