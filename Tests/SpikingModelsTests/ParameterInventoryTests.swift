import CanonicalJSON
import SpikingModels
import TestSupport
import Testing

/// The inventory against the published counts, to the unit.
@Suite struct ParameterInventoryTests {
  /// Counts that training logs print or that follow from the paper's ablations.
  static let published: [(String, Int)] = [
    ("HST-10-384", 16_473_688), ("HST-10-512", 29_079_336), ("HST-10-768", 64_962_760),
    ("qkformer-10-768-t1-r224.in1k", 64_962_760), ("HST-10-768-288", 64_962_760),
    ("HST-10-768-384", 64_962_760),
    ("qkformer-4-384-t4-r32.cifar10", 6_706_234), ("qkformer-4-384-t4-r32.cifar100", 6_740_884),
    ("qkformer-2-256-t16-r128.cifar10dvs", 1_504_138),
    ("qkformer-2-256-t16-r128.dvs128", 1_504_395),
    ("qkformer-2-256-t16-r128.dvs128-mlp4", 1_999_371),
    ("qkformer-4-384-t4-r32.cifar100-qkta", 6_444_436),
    ("qkformer-4-384-t4-r32.cifar100-qkca", 6_444_436),
    ("qkformer-4-384-t4-r32.cifar100-qkta-qkca", 6_444_436),
    ("qkformer-4-384-t4-r32.cifar100-qkca-ssa", 6_740_884),
    ("qkformer-4-384-t4-r32.cifar100-ssa", 6_787_540),
    ("qkformer-2-256-t16-r128.cifar10dvs-qkta", 1_438_090),
    ("qkformer-2-256-t16-r128.cifar10dvs-qkca", 1_438_090),
    ("qkformer-2-256-t16-r128.cifar10dvs-ssa", 1_520_778),
  ]

  @Test(arguments: published)
  func `a preset has the published number of parameters`(_ name: String, _ count: Int) throws {
    let preset = try #require(Preset.named(name))
    #expect(NetworkPlan(preset.configuration).parameterCount == count)
  }

  @Test(arguments: [
    ("HST-10-384", 60_259), ("HST-10-512", 80_323), ("HST-10-768", 120_451),
    ("qkformer-4-384-t4-r32.cifar10", 22_399), ("qkformer-2-256-t16-r128.cifar10dvs", 6_643),
    ("qkformer-2-256-t16-r128.dvs128-mlp4", 8_947),
  ])
  func `a preset has the published number of buffer elements`(_ name: String, _ count: Int) throws {
    let preset = try #require(Preset.named(name))
    let buffers = NetworkPlan(preset.configuration).parameters.filter { !$0.role.isTrained }
    #expect(buffers.reduce(0) { $0 + $1.count } == count)
  }

  @Test func `an ImageNet checkpoint has 434 tensors and 77 neuron groups`() throws {
    let plan = NetworkPlan(try #require(Preset.named("HST-10-384")).configuration)
    #expect(plan.parameters.count == 434)
    #expect(plan.parameters.filter { $0.shape.isEmpty }.count == 67)
    #expect(plan.neurons.count == 77)
  }

  @Test(arguments: Preset.all.map(\.name))
  func `paths and upstream names are unique`(_ name: String) throws {
    let plan = NetworkPlan(try #require(Preset.named(name)).configuration)
    #expect(Set(plan.parameters.map(\.path)).count == plan.parameters.count)
    #expect(Set(plan.parameters.map(\.upstreamName)).count == plan.parameters.count)
    #expect(Set(plan.neurons.map(\.path)).count == plan.neurons.count)
    #expect(Set(plan.neurons.map(plan.upstreamName)).count == plan.neurons.count)
  }

  @Test func `one upstream name means two things in two families`() throws {
    func path(_ preset: String, _ upstream: String) throws -> String? {
      let plan = NetworkPlan(try #require(Preset.named(preset)).configuration)
      return plan.parameters.first { $0.upstreamName == upstream }?.path
    }
    let dvs = "qkformer-2-256-t16-r128.dvs128"
    #expect(
      try path(dvs, "patch_embed1.proj3_conv.weight") == "stage1/speds/unit3/conv/weight")
    #expect(
      try path("HST-10-384", "patch_embed2.proj3_conv.weight") == "stage2/speds/unit0/conv/weight")
    #expect(try path(dvs, "patch_embed2.proj_conv.weight") == "stage2/speds/unit0/conv/weight")
    #expect(
      try path("HST-10-384", "stage3.6.attn.v_conv.weight")
        == "stage3/block6/attention/v/conv/weight")
    #expect(
      try path(dvs, "stage2.0.ssa.v_conv.weight") == "stage2/block0/attention/v/conv/weight")
    #expect(
      try path("HST-10-384", "stage1.0.mlp.fc1_bn.running_var")
        == "stage1/block0/mlp/expansion/bn/running_var")
  }
}

/// Work for each layer against the published table, in millions of multiply-accumulates.
@Suite struct OperationCountTests {
  private func millions(_ layers: [LayerOperations], _ prefix: String) -> Double {
    let sum = layers.filter { $0.path.hasPrefix(prefix) }.reduce(0) { $0 + $1.accumulates }
    return (Double(sum) / 1e4).rounded() / 100
  }

  @Test(arguments: [
    ("HST-10-384", 224, 65.03, 794.79, 67.44, 5.8987),
    ("HST-10-512", 224, 86.70, 1412.96, 89.92, 10.4275),
    ("HST-10-768", 224, 130.06, 3179.15, 134.87, 23.3290),
    ("HST-10-768-288", 288, 214.99, 5255.33, 222.95, 38.5638),
    ("HST-10-768-384", 384, 382.21, 9342.81, 396.36, 68.5572),
  ])
  func `an ImageNet model has the published work`(
    _ name: String, _ size: Int, _ first: Double, _ embedding: Double, _ product: Double,
    _ total: Double
  ) throws {
    let plan = NetworkPlan(try #require(Preset.named(name)).configuration)
    let layers = plan.operations(for: SpatialSize(height: size, width: size))
    #expect(layers[0].kind == .firstConvolution)
    #expect(millions([layers[0]], "stage1") == first)
    #expect(millions(Array(layers.dropFirst()), "stage1/speds") == embedding)
    #expect(millions(layers, "stage2/speds") == embedding)
    let products = layers.filter { $0.kind == .attentionProduct }
    #expect(products.count == 7)
    #expect(millions(products, "stage3") == product)
    let sum = Double(layers.reduce(0) { $0 + $1.accumulates }) / 1e9
    #expect((sum * 1e4).rounded() / 1e4 == total)
  }

  @Test(arguments: [
    ("qkformer-4-384-t4-r32.cifar10", 1.5160), ("qkformer-2-256-t16-r128.dvs128", 0.5075),
    ("qkformer-2-256-t16-r128.dvs128-mlp4", 0.5578),
  ])
  func `a small model has the published work`(_ name: String, _ total: Double) throws {
    let plan = NetworkPlan(try #require(Preset.named(name)).configuration)
    let sum = Double(plan.operations(for: plan.nominalSize).reduce(0) { $0 + $1.accumulates })
    #expect((sum / 1e5).rounded() / 1e4 == total)
  }
}

/// Configurations as text.
@Suite struct ConfigurationTests {
  private func edited(_ edit: (inout [String: JSON]) -> Void) throws -> JSON {
    var members = try #require(TinyModel.configuration().json.object)
    edit(&members)
    return .object(members)
  }

  private func code(_ json: JSON) -> ConfigurationFailureCode? {
    do {
      _ = try ModelConfiguration(json: json, at: "test")
      return nil
    } catch {
      return (error as? ConfigurationFailure)?.code
    }
  }

  @Test func `zero has no sign, as in the text that the model-id is made of`() throws {
    let json = try edited { members in
      var neurons = members["lif"]?.object ?? [:]
      var unit = neurons["unit"]?.object ?? [:]
      unit["v_reset"] = .number(-0.0)
      neurons["unit"] = .object(unit)
      members["lif"] = .object(neurons)
    }
    let configuration = try ModelConfiguration(json: json, at: "test")
    #expect(configuration.neurons.unit.resetPotential.sign == .plus)
  }

  @Test(arguments: Preset.all.map(\.name))
  func `a configuration survives its text`(_ name: String) throws {
    let configuration = try #require(Preset.named(name)).configuration
    let text = configuration.json.canonicalBytes
    let again = try ModelConfiguration(
      json: JSON(parsingCanonical: text, at: name), at: name)
    #expect(again == configuration)
  }

  @Test func `nothing has a default`() throws {
    for key in try #require(TinyModel.configuration().json.object).keys {
      let json = try edited { $0[key] = nil }
      #expect(code(json) == .missing, "\(key)")
    }
  }

  @Test func `an unknown member is refused`() throws {
    #expect(code(try edited { $0["attn_drop"] = .number(0) }) == .unknown)
  }

  @Test func `soft reset is refused by name`() throws {
    let soft: JSON = [
      "tau": .number(2), "v_threshold": .number(1), "fires": "above", "reset": "soft",
      "v_reset": .number(0),
    ]
    #expect(code(try edited { $0["lif"] = ["unit": soft, "attention": soft] }) == .unsupported)
  }

  @Test func `values out of range are refused`() throws {
    #expect(code(try edited { $0["time_steps"] = .number(0) }) == .value)
    #expect(code(try edited { $0["classes"] = .number(1.5) }) == .value)
    #expect(code(try edited { $0["family"] = "vgg" }) == .value)
    #expect(code(try edited { $0["attention_scale"] = .number(0.1) }) == .value)
    #expect(code(try edited { $0["stages"] = [] }) == .value)
  }

  @Test func `sizes are refused that are too large together`() throws {
    var configuration = TinyModel.configuration()
    configuration.input.height = 16_384
    configuration.input.width = 16_384
    #expect(code(configuration.json) == nil)
    #expect(NetworkPlan(configuration).accumulatesPerStep > 0)
    for index in configuration.qkformer.stages.indices {
      configuration.qkformer.stages[index].channels = 65_536
      configuration.qkformer.stages[index].mlpRatio = 64
    }
    #expect(code(configuration.json) == .value)
  }

  @Test func `scope batch needs self-attention and spike addition`() throws {
    var configuration = TinyModel.configuration(mixers: [.qkta, .qkca])
    configuration.scope = .batch
    #expect(code(configuration.json) == .contradiction)
    configuration = TinyModel.configuration()
    configuration.scope = .batch
    #expect(code(configuration.json) == nil)
    configuration.qkformer.residual = .membraneShortcut
    #expect(code(configuration.json) == .contradiction)
  }

  @Test func `an inner MLP shortcut needs a membrane and MLPs that keep their width`() throws {
    #expect(code(TinyModel.membrane(ratio: 1).json) == nil)
    #expect(code(TinyModel.membrane(ratio: 2).json) == nil)
    var configuration = TinyModel.membrane(ratio: 1)
    configuration.qkformer.stages[1].mlpRatio = 2
    #expect(code(configuration.json) == .contradiction)
    configuration = TinyModel.membrane(ratio: 1)
    configuration.qkformer.residual = .spikeAddition
    #expect(code(configuration.json) == .contradiction)
  }

  @Test func `biases are written where they are not the released ones, and in one way`() throws {
    var configuration = TinyModel.configuration(.imagenet, mixers: [.qkta, .qkta, .ssa])
    #expect(configuration.json["biases"] == nil && !configuration.hasLaterMembers)
    configuration.qkformer.biases = [.mlp, .embedding]
    #expect(configuration.json["biases"] == ["embedding", "mlp"] && configuration.hasLaterMembers)
    #expect(try ModelConfiguration(json: configuration.json, at: "test") == configuration)
    let parameters = NetworkPlan(configuration).parameters.map(\.path)
    #expect(parameters.contains("stage1/speds/unit0/conv/bias"))
    #expect(parameters.contains("stage2/speds/shortcut/conv/bias"))
    #expect(!parameters.contains("stage1/block0/attention/projection/conv/bias"))
    #expect(!parameters.contains("stage1/block0/attention/q/conv/bias"))
    let wrong: [JSON] = [
      ["mlp", "embedding"], ["mlp", "projection"], ["mlp", "mlp"], ["head"], "mlp", [.number(1)],
    ]
    for wrong in wrong {
      var members = try #require(configuration.json.object)
      members["biases"] = wrong
      #expect(code(.object(members)) == .value, "\(wrong)")
    }
  }

  @Test func `heads must divide channels`() throws {
    var configuration = TinyModel.configuration()
    configuration.qkformer.stages[1].heads = 5
    #expect(code(configuration.json) == .contradiction)
  }

  @Test func `preset names follow the rule and are unique`() throws {
    let names = Preset.all.flatMap { [$0.name] + $0.aliases }.map { $0.lowercased() }
    #expect(Set(names).count == names.count)
    for preset in Preset.all {
      let c = preset.configuration
      let kind = c.qkformer.residual == .membraneShortcut ? "ms-qkformer" : "qkformer"
      let prefix = "\(kind)-\(c.design.depth)-\(c.design.width)-t\(c.timeSteps)-r\(c.input.height)."
      #expect(preset.name.hasPrefix(prefix), "\(preset.name)")
    }
  }
}
