public import CanonicalJSON
public import SpikingModels

/// A family of one attention whose code base joins Q, K and V in one module, and whose MLP is a linear
/// map: what rules of names can do.
public struct JoinedFamily: ModelFamily {
  /// A name that no file has.
  public static let architecture = "joined"
  /// One member.
  public static let memberNames = ["width"]
  /// The rules of its code base.
  public static let nameTables = [
    NameTable([
      NameRule(
        "attention/{u}/conv", "attn.qkv.0", joining: .init("u", ["q", "k", "v"]), axes: .init(3)),
      NameRule("attention/{u}/bn", "attn.qkv.1", joining: .init("u", ["q", "k", "v"])),
      NameRule("attention/{u}/lif", "attn.qkv_lif", joining: .init("u", ["q", "k", "v"])),
      NameRule("attention/lif", "attn.lif"),
      NameRule("mlp/conv", "mlp", axes: .init(4, named: 2)),
      NameRule("mlp/bn", "mlp_bn"), NameRule("mlp/lif", "mlp_lif", isChannelsLast: true),
      NameRule("head", "head", axes: .init(2)),
    ])
  ]

  /// Small.
  public static let configuration = ModelConfiguration(
    JoinedFamily(width: 8),
    input: .init(coding: .direct, channels: 8, height: 4, width: 4), timeSteps: 2, classes: 3)

  /// Channels of the attention.
  public let width: Int

  /// A model of some width.
  public init(width: Int) { self.width = width }
  /// Reads the member.
  public init(_ members: ConfigurationMembers) throws { width = try members.int("width") }
  /// The member.
  public var members: [String: JSON] { ["width": .integer(width)] }
  /// Takes anything.
  public func validate(_ configuration: ModelConfiguration, at place: String) throws {}
  /// Under the only names.
  public func names(_ naming: Naming) -> NameTable? {
    naming == .released ? Self.nameTables[0] : nil
  }
  /// One block.
  public var depth: Int { 1 }
  /// No rows.
  public var stageRows: [StageRow] { [] }

  /// Attention and MLP, without shortcuts.
  public func build(_ network: inout GraphBuilder, classes: Int) {
    let parts = ["q", "k", "v"].map { part in
      let path = "attention/\(part)"
      return network.fire(
        path, network.convolution(path, network.input, channels: width, isOverTokens: true))
    }
    let attended = network.selfAttention(
      "attention", query: parts[0], key: parts[1], value: parts[2], heads: 2, scale: 1)
    let hidden = network.unit("mlp", attended, channels: 2 * width, hasBias: true)
    let mean = network.mean("head/mean", hidden, over: [.time, .tokens])
    network.classifier("head", mean, classes: classes, averagesSteps: false)
  }
}
