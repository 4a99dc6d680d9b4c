// How code bases name the parts of a QKFormer: the only place that knows those names.
//
// `proj3` is the last embedding convolution in `dvs` and the first of a later stage elsewhere.

extension QKFormer {
  /// The names of this network's parts in a code base.
  public func names(_ naming: Naming) -> NameTable? {
    guard naming != .spikingjelly else { return spikingJellyNames }
    let names = Self.moduleNames(naming, family, residual)
    let mixers = stages.map(\.mixer)
    @Sendable func mixer(_ values: NamePattern.Values) -> Mixer? {
      values["s"].flatMap { Int($0) }.flatMap {
        $0 > 0 && $0 <= mixers.count ? mixers[$0 - 1] : nil
      }
    }
    return NameTable(
      Self.rules(names), thresholdSuffix: naming == .step ? ".threshold" : nil,
      context: [
        "attention": { values in
          mixer(values).map { $0 == .ssa ? names.selfAttention : names.queryKeyAttention }
        },
        // The neurons through which an attention reads a membrane.
        "input": { values in mixer(values).map { $0 == .ssa ? "x_lif" : "proj_lif" } },
      ])
  }

  /// The rules of every code base, family and shortcut, which lead from names to paths without a
  /// configuration.
  public static let nameTables: [NameTable] =
    [Naming.released, .step].flatMap(nameTables) + spikingJellyTables

  private static func nameTables(_ naming: Naming) -> [NameTable] {
    Residual.allCases.flatMap { residual in
      Family.allCases.map { NameTable(rules(moduleNames(naming, $0, residual))) }
    }
  }

  /// Attentions convolve over tokens, `[O, I, 1]`, everything else over maps, `[O, I, k, k]`.
  private static func rules(_ names: ModuleNames) -> [NameRule] {
    (names.embeddings + blockNames(mlp: names.mlp)).map { path, name in
      let axes = path == "head" ? 2 : path.contains("/attention/") ? 3 : 4
      return NameRule(path, name, choices: nameChoices, axes: .init(axes))
    }
  }

  /// The member of a checkpoint in which the released training code keeps the state dict.
  public var stateDictName: String {
    family == .cifar || residual == .membraneShortcut ? "state_dict" : "model"
  }

  /// Whether the released modules register every embedding before the first block.
  public var registersEmbeddingsFirst: Bool { family != .dvs || residual == .membraneShortcut }

  private static let nameChoices = [
    "part": ["conv", "bn", "lif"], "u": ["q", "k", "v"], "attention": ["tssa", "ssa", "attn"],
    "input": ["x_lif", "proj_lif"],
  ]

  /// What differs between code bases.
  private struct ModuleNames: Sendable {
    let embeddings: [(String, String)]
    let queryKeyAttention: String
    let selfAttention: String
    /// The names of the MLP's convolutions.
    let mlp: (expansion: String, contraction: String)
  }

  private static func moduleNames(
    _ naming: Naming, _ family: Family, _ residual: Residual
  ) -> ModuleNames {
    switch (naming, residual) {
    case (.step, _):
      ModuleNames(
        embeddings: embeddings(family), queryKeyAttention: "tssa", selfAttention: "ssa",
        mlp: ("fc_{part}1", "fc_{part}2"))
    case (.released, .spikeAddition), (.spikingjelly, _):
      ModuleNames(
        embeddings: embeddings(family), queryKeyAttention: "tssa",
        selfAttention: family == .imagenet ? "attn" : "ssa",
        mlp: family == .imagenet
          ? ("fc1_{part}", "fc2_{part}") : ("mlp1_{part}", "mlp2_{part}"))
    case (.released, .membraneShortcut):
      ModuleNames(
        embeddings: membraneEmbeddings(family), queryKeyAttention: "attn", selfAttention: "attn",
        mlp: ("fc1_{part}", "fc2_{part}"))
    }
  }

  private static func embeddings(_ family: Family) -> [(String, String)] {
    [
      ("stage1/speds/unit0/{part}", "patch_embed1.proj_{part}"),
      ("stage1/speds/unit{n}/{part}", "patch_embed1.proj{n}_{part}"),
      ("stage{s}/speds/unit0/{part}", "patch_embed{s}.\(family == .dvs ? "proj" : "proj3")_{part}"),
      ("stage{s}/speds/unit1/{part}", "patch_embed{s}.proj4_{part}"),
      ("stage{s}/speds/shortcut/{part}", "patch_embed{s}.proj_res_{part}"),
    ]
  }

  /// Neurons stand before their convolution and are named after what precedes them.
  private static func membraneEmbeddings(_ family: Family) -> [(String, String)] {
    switch family {
    case .imagenet:
      [
        ("stage1/speds/unit0/{part}", "patch_embed1.proj_{part}"),
        ("stage1/speds/unit{n}/{part}", "patch_embed1.proj_{part}{n}"),
        ("stage1/speds/shortcut/{part}", "patch_embed1.rpe_{part}"),
        ("stage{s}/speds/unit0/lif", "patch_embed{s}.init_lif"),
        ("stage{s}/speds/unit1/lif", "patch_embed{s}.proj3_lif"),
        ("stage{s}/speds/unit0/{part}", "patch_embed{s}.proj3_{part}"),
        ("stage{s}/speds/unit1/{part}", "patch_embed{s}.proj4_{part}"),
        ("stage{s}/speds/shortcut/{part}", "patch_embed{s}.proj_res_{part}"),
      ]
    case .cifar:
      [
        ("stage1/speds/unit0/{part}", "patch_embed1.proj_{part}"),
        ("stage1/speds/unit1/{part}", "patch_embed1.embed1.embed_{part}"),
        ("stage{s}/speds/unit0/{part}", "patch_embed{s}.embed1.embed_{part}"),
        ("stage{s}/speds/unit1/{part}", "patch_embed{s}.max_embed1.embed_{part}"),
        ("stage{s}/speds/shortcut/{part}", "patch_embed{s}.embed2.embed_{part}"),
      ]
    case .dvs:
      [
        ("stage1/speds/unit0/{part}", "patch_embed1.proj_{part}"),
        ("stage1/speds/unit{n}/{part}", "patch_embed1.max_embed{n}.embed_{part}"),
        ("stage1/speds/shortcut/{part}", "patch_embed1.embed1.embed_{part}"),
        ("stage{s}/speds/unit0/{part}", "patch_embed{s}.embed1.embed_{part}"),
        ("stage{s}/speds/unit1/{part}", "patch_embed{s}.max_embed1.embed_{part}"),
        ("stage{s}/speds/shortcut/{part}", "patch_embed{s}.embed2.embed_{part}"),
      ]
    }
  }

  private static func blockNames(
    mlp: (expansion: String, contraction: String)
  ) -> [(String, String)] {
    let (path, name) = ("stage{s}/block{b}", "stage{s}.{b}")
    return [
      ("\(path)/attention/{u}/{part}", "\(name).{attention}.{u}_{part}"),
      ("\(path)/attention/projection/{part}", "\(name).{attention}.proj_{part}"),
      ("\(path)/attention/lif", "\(name).{attention}.attn_lif"),
      ("\(path)/attention/input/lif", "\(name).{attention}.{input}"),
      ("\(path)/mlp/expansion/{part}", "\(name).mlp.\(mlp.expansion)"),
      ("\(path)/mlp/contraction/{part}", "\(name).mlp.\(mlp.contraction)"),
      ("head/lif", "head_lif"), ("head", "head"),
    ]
  }
}
