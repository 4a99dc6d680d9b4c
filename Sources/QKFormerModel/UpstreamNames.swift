/// How one family of the released code names the parts of its state dict: the only place that
/// knows those names.
///
/// `proj3` is the last embedding convolution in `dvs` and the first of a later stage elsewhere.
struct UpstreamNames {
  /// Main convolutions of the first embedding, in order.
  let firstEmbedding: [String]
  /// Main convolutions of every later embedding, in order.
  let laterEmbedding: [String]
  /// The attention module of Q-K token and channel attention.
  let queryKeyAttention: String
  /// The attention module of spiking self-attention.
  let selfAttention: String
  /// The MLP's two convolutions.
  let expansion: String
  let contraction: String

  static func of(_ family: QKFormerConfiguration.Family) -> UpstreamNames {
    switch family {
    case .imagenet:
      UpstreamNames(
        firstEmbedding: ["proj", "proj1", "proj2"], laterEmbedding: ["proj3", "proj4"],
        queryKeyAttention: "tssa", selfAttention: "attn", expansion: "fc1", contraction: "fc2")
    case .cifar:
      UpstreamNames(
        firstEmbedding: ["proj", "proj1"], laterEmbedding: ["proj3", "proj4"],
        queryKeyAttention: "tssa", selfAttention: "ssa", expansion: "mlp1", contraction: "mlp2")
    case .dvs:
      UpstreamNames(
        firstEmbedding: ["proj", "proj1", "proj2", "proj3"], laterEmbedding: ["proj", "proj4"],
        queryKeyAttention: "tssa", selfAttention: "ssa", expansion: "mlp1", contraction: "mlp2")
    }
  }

  func attention(_ mixer: QKFormerConfiguration.Mixer) -> String {
    mixer == .ssa ? selfAttention : queryKeyAttention
  }

  /// The parts of a Conv-BN-LIF unit are the unit's name with one of these endings.
  enum Suffix {
    static let convolution = "_conv"
    static let norm = "_bn"
    static let neuron = "_lif"
  }

  /// The members of a module, by the role their tensor plays.
  static let embeddingShortcut = "proj_res"
  static let attentionNeuron = "attn_lif"
  static let attentionProjection = "proj"
  static let head = "head"
}
