/// The names of one unit's parts in a state dict.
public struct UnitNames: Sendable, Equatable {
  /// The convolution, as in `patch_embed1.proj_conv`.
  public let convolution: String
  /// The batch normalisation, as in `patch_embed1.proj_bn`.
  public let norm: String
  /// The neuron, as in `patch_embed1.proj_lif`.
  public let neuron: String

  /// Three names that follow no rule.
  init(_ convolution: String, _ norm: String, _ neuron: String) {
    self.convolution = convolution
    self.norm = norm
    self.neuron = neuron
  }

  /// The usual rule: one name with three endings.
  init(_ name: String) { self.init("\(name)_conv", "\(name)_bn", "\(name)_lif") }

  /// A module of its own, with `embed_conv`, `embed_bn` and `embed_lif` in it.
  static func module(_ name: String) -> UnitNames { UnitNames("embed").in(name) }

  /// The names inside a module.
  func `in`(_ module: String) -> UnitNames {
    UnitNames("\(module).\(convolution)", "\(module).\(norm)", "\(module).\(neuron)")
  }
}

/// The ways in which code bases name the same tensors.
public enum Naming: String, Sendable, CaseIterable {
  /// The code that was released with the papers.
  case released
  /// STEP, a benchmark of spiking transformers with a QKFormer of its own.
  case step
}

/// How one code base names the parts of its state dict: the only place that knows those names.
///
/// `proj3` is the last embedding convolution in `dvs` and the first of a later stage elsewhere.
struct UpstreamNames {
  /// Main convolutions of the first embedding, in order.
  let firstEmbedding: [UnitNames]
  /// Main convolutions of every later embedding, in order.
  let laterEmbedding: [UnitNames]
  /// The shortcuts beside them.
  var firstShortcut = UnitNames("proj_res")
  var laterShortcut = UnitNames("proj_res")
  /// The attention module of Q-K token and channel attention.
  var queryKeyAttention = "tssa"
  /// The attention module of spiking self-attention.
  let selfAttention: String
  /// The MLP's two convolutions.
  let expansion: UnitNames
  let contraction: UnitNames

  static func of(_ configuration: QKFormerConfiguration, _ naming: Naming) -> UpstreamNames {
    switch (naming, configuration.residual) {
    case (.released, .spikeAddition): released(configuration.family)
    case (.released, .membraneShortcut): membrane(configuration.family)
    case (.step, _): step(configuration.family)
    }
  }

  private static func released(_ family: QKFormerConfiguration.Family) -> UpstreamNames {
    switch family {
    case .imagenet:
      UpstreamNames(
        firstEmbedding: ["proj", "proj1", "proj2"].map(UnitNames.init),
        laterEmbedding: ["proj3", "proj4"].map(UnitNames.init), selfAttention: "attn",
        expansion: UnitNames("fc1"), contraction: UnitNames("fc2"))
    case .cifar:
      UpstreamNames(
        firstEmbedding: ["proj", "proj1"].map(UnitNames.init),
        laterEmbedding: ["proj3", "proj4"].map(UnitNames.init), selfAttention: "ssa",
        expansion: UnitNames("mlp1"), contraction: UnitNames("mlp2"))
    case .dvs:
      UpstreamNames(
        firstEmbedding: ["proj", "proj1", "proj2", "proj3"].map(UnitNames.init),
        laterEmbedding: ["proj", "proj4"].map(UnitNames.init), selfAttention: "ssa",
        expansion: UnitNames("mlp1"), contraction: UnitNames("mlp2"))
    }
  }

  /// MS-QKFormer: a unit's neuron stands before its convolution and is named after what precedes it.
  private static func membrane(_ family: QKFormerConfiguration.Family) -> UpstreamNames {
    let (first, later) = (UnitNames("proj"), UnitNames.module)
    func names(
      _ firstEmbedding: [UnitNames], _ laterEmbedding: [UnitNames], _ firstShortcut: UnitNames,
      _ laterShortcut: UnitNames
    ) -> UpstreamNames {
      UpstreamNames(
        firstEmbedding: firstEmbedding, laterEmbedding: laterEmbedding,
        firstShortcut: firstShortcut, laterShortcut: laterShortcut, queryKeyAttention: "attn",
        selfAttention: "attn", expansion: UnitNames("fc1"), contraction: UnitNames("fc2"))
    }
    switch family {
    case .imagenet:
      return names(
        [
          first, UnitNames("proj_conv1", "proj_bn1", "proj_lif1"),
          UnitNames("proj_conv2", "proj_bn2", "proj_lif2"),
        ],
        [
          UnitNames("proj3_conv", "proj3_bn", "init_lif"),
          UnitNames("proj4_conv", "proj4_bn", "proj3_lif"),
        ], UnitNames("rpe"), UnitNames("proj_res"))
    case .cifar:
      return names(
        [first, later("embed1")], [later("embed1"), later("max_embed1")], later("embed2"),
        later("embed2"))
    case .dvs:
      return names(
        [first] + ["max_embed1", "max_embed2", "max_embed3"].map(later),
        [later("embed1"), later("max_embed1")], later("embed1"), later("embed2"))
    }
  }

  private static func step(_ family: QKFormerConfiguration.Family) -> UpstreamNames {
    let released = released(family)
    return UpstreamNames(
      firstEmbedding: released.firstEmbedding, laterEmbedding: released.laterEmbedding,
      selfAttention: "ssa", expansion: UnitNames("fc_conv1", "fc_bn1", "fc_lif1"),
      contraction: UnitNames("fc_conv2", "fc_bn2", "fc_lif2"))
  }

  /// The member of a checkpoint in which the released training code keeps the state dict.
  static func stateDict(_ configuration: QKFormerConfiguration) -> String {
    configuration.family == .cifar || configuration.residual == .membraneShortcut
      ? "state_dict" : "model"
  }

  func attention(_ mixer: QKFormerConfiguration.Mixer) -> String {
    mixer == .ssa ? selfAttention : queryKeyAttention
  }

  /// The neuron through which an attention reads a membrane.
  static func attentionInput(_ mixer: QKFormerConfiguration.Mixer) -> String {
    mixer == .ssa ? "x_lif" : "proj_lif"
  }

  static let attentionNeuron = "attn_lif"
  static let head = "head"
  static let headNeuron = "head_lif"
  /// STEP stores each neuron's threshold beside the weights, as `<neuron>.threshold`.
  static let thresholdSuffix = ".threshold"
}
