import CanonicalJSON
import Diagnostics
import Evaluation
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Operations and energy under named conventions. The peer tests compare each with its package.
@Suite struct ConventionTests {
  // MARK: Synapses

  /// Every kernel and stride that the families have, against a plain convolution.
  @Test(arguments: [(3, 1), (1, 2), (1, 1)])
  func `what a spike reaches is what a convolution of ones sums up`(
    _ kernel: Int, _ stride: Int
  ) throws {
    let configuration = TinyModel.configuration()
    let plan = NetworkPlan(configuration)
    var parameters = TinyModel.parameters(configuration)
    let node = try #require(
      plan.graph.countingConvolutions.first {
        $0.convolution?.kernel == kernel && $0.convolution?.stride == stride
      })
    let unit = try #require(node.convolution)
    var random = RepeatableRandom(seed: 3)
    let shape = unit.weightShape
    let weight = (0..<shape.reduce(1, *)).map { _ in
      Float(Int.random(in: -1...1, using: &random))
    }
    parameters[node.path + "/conv/weight"] = Tensor(shape, weight)
    let size = SpatialSize(height: 5, width: 4)
    var map = SpikeCountMap(
      repeating: 0, timeSteps: 2, batch: 1, size: size, channels: unit.inChannels)
    for index in map.values.indices {
      map.values[index] = UInt8.random(in: 0...1, using: &random)
    }
    var counter = ActivityCounter(try SynapseInventory(plan.graph, parameters: parameters))
    counter.convolution(node, input: map)
    let counted = try #require(counter.synapses?.inputs[node.path]?.spikes)
    let (all, live) = Self.plain(unit, weight, map)
    #expect(counted.synapses == all && counted.liveSynapses == live)
    #expect(counted.sum == counter.inputs[node.path]?.sum)
  }

  /// The synapses behind spikes, tap by tap; all, and those that are not zero.
  private static func plain(
    _ unit: Convolution, _ weight: [Float], _ map: SpikeCountMap
  ) -> (Int, Int) {
    var (all, live) = (0, 0)
    let (size, taps) = (map.size, unit.kernel * unit.kernel)
    let outputs = unit.outputSize(size)
    for t in 0..<map.timeSteps {
      for position in 0..<outputs.count * taps {
        let (output, tap) = (position / taps, position % taps)
        let row = output / outputs.width * unit.stride + tap / unit.kernel - unit.kernel / 2
        let column = output % outputs.width * unit.stride + tap % unit.kernel - unit.kernel / 2
        guard (0..<size.height).contains(row), (0..<size.width).contains(column) else { continue }
        for channel in 0..<unit.inChannels {
          let index = ((t * size.count + row * size.width + column) * unit.inChannels) + channel
          guard map.values[index] != 0 else { continue }
          all += unit.outChannels
          for out in 0..<unit.outChannels
          where weight[(out * unit.inChannels + channel) * taps + tap] != 0 {
            live += 1
          }
        }
      }
    }
    return (all, live)
  }

  private func counted(
    _ configuration: ModelConfiguration, together: Bool, fast: Bool
  ) throws -> ActivityCounter {
    let plan = NetworkPlan(configuration)
    let parameters = TinyModel.parameters(configuration)
    let weights = try ModelWeights(plan.graph, parameters: parameters)
    let engine: any ForwardPass =
      fast
      ? try FastForward(plan.graph, weights, threads: 2) : try ReferenceForward(plan.graph, weights)
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 3), for: configuration.graph, name: "input")
    let synapses = try SynapseInventory(plan.graph, parameters: parameters)
    guard together else {
      return ActivityCounter.total(
        try (0..<3).map { sample in
          var counter = ActivityCounter(synapses)
          _ = try engine.logits(of: input.samples(sample..<sample + 1), observer: &counter)
          return counter
        })
    }
    var counter = ActivityCounter(synapses)
    _ = try engine.logits(of: input, observer: &counter)
    return counter
  }

  @Test(arguments: [
    TinyModel.configuration(mixers: [.qkta, .qkca, .ssa]), TinyModel.configuration(.dvs),
    TinyModel.membrane(readout: .headThenMean),
  ])
  func `counts do not depend on batch or engine, and go through JSON`(
    _ configuration: ModelConfiguration
  ) throws {
    let alone = try counted(configuration, together: false, fast: false)
    #expect(alone.synapses != nil && alone.samples == 3)
    for fast in [false, true] {
      let together = try counted(configuration, together: true, fast: fast)
      #expect(together.json == alone.json)
    }
    let again = try ActivityCounter(json: alone.json, at: "activity")
    #expect(again.json == alone.json)
    let plan = NetworkPlan(configuration)
    for convention in EnergyConvention.allCases {
      let estimates = [alone, again].map {
        EnergyEstimate(convention, graph: plan.graph, activity: $0)
      }
      #expect(estimates[0] == estimates[1])
      #expect(estimates[0].millijoules > 0)
      let parts = estimates[0].parts.reduce(0) { $0 + $1.operations.millijoules() }
      #expect(abs(parts / estimates[0].millijoules - 1) < 1e-12)
    }
  }

  @Test(arguments: ["samples", "neurons", "inputs", "synapses"])
  func `activity without a member is refused`(_ member: String) throws {
    let whole = try counted(TinyModel.configuration(), together: true, fast: false).json
    var members = try #require(whole.object)
    members[member] = member == "synapses" ? ["inputs": .integer(1)] : nil
    #expect(
      try Refusal.of { _ = try ActivityCounter(json: .object(members), at: "x") }
        == Refusal(name: "activity", exitCode: 65))
  }

  @Test func `a counter without synapses offers what needs none`() {
    #expect(EnergyConvention.available(for: ActivityCounter()) == [.paper, .strict])
  }

  // MARK: Published figures

  /// MACs of each part at one step, in millions, as the paper's tables imply them (conv1 is the
  /// first convolution, the rest of the first embedding follows).
  @Test(arguments: [
    (
      "HST-10-384",
      [65.03, 794.79, 86.70, 231.21, 794.79, 173.41, 462.42, 794.79, 876.68, 1618.48, 0.38]
    ),
    (
      "HST-10-512",
      [86.70, 1412.96, 154.14, 411.04, 1412.96, 308.28, 822.08, 1412.96, 1528.57, 2877.29, 0.51]
    ),
    (
      "HST-10-768",
      [130.06, 3179.15, 346.82, 924.84, 3179.15, 693.63, 1849.69, 3179.15, 3371.82, 6473.91, 0.77]
    ),
    (
      "HST-4-384-CIFAR10",
      [1.33, 47.19, 28.31, 75.50, 514.33, 28.31, 75.50, 514.33, 80.22, 150.99, 0.00]
    ),
  ])
  func `multiply-accumulates of the parts are the paper's`(
    _ name: String, _ millions: [Double]
  ) throws {
    let plan = NetworkPlan(try #require(Preset.named(name)).configuration)
    var parts: [(name: String, macs: Int)] = []
    for layer in plan.operations(for: plan.nominalSize) {
      let part = layer.kind == .firstConvolution ? "first" : layer.part
      if let index = parts.firstIndex(where: { $0.name == part }) {
        parts[index].macs += layer.accumulates
      } else {
        parts.append((part, layer.accumulates))
      }
    }
    #expect(parts.count == millions.count)
    for (part, expected) in zip(parts, millions) {
      #expect(abs(Double(part.macs) / 1e6 - expected) <= 0.0101, "\(part.name)")
    }
  }

  /// Activity in which every convolution reads the same mean count, per million.
  private static func uniform(_ plan: NetworkPlan, _ rate: (Node) -> Double) throws
    -> ActivityCounter
  {
    var (inputs, neurons) = ([String: JSON](), [String: JSON]())
    let million = JSON.integer(1_000_000)
    for node in plan.graph.countingConvolutions {
      inputs[node.path] = [
        "elements": million, "sum": .integer(Int((rate(node) * 1e6).rounded())),
        "nonzero": .integer(1), "largest": .integer(16),
      ]
    }
    for node in plan.graph.nodes {
      guard case .neurons = node.operation else { continue }
      let spikes = JSON.integer(Int((min(rate(node), 1) * 1e6).rounded()))
      neurons[node.path] = [
        "neurons": million,
        "spikes": .array(Array(repeating: spikes, count: plan.configuration.timeSteps)),
      ]
    }
    return try ActivityCounter(
      json: [
        "samples": .integer(1), "inputs": .object(inputs), "neurons": .object(neurons),
      ], at: "uniform")
  }

  /// What the paper prints, and the mean rate that the printed energy implies.
  @Test(arguments: [
    ("HST-10-384", 15.13, 0.706), ("HST-10-512", 21.99, 0.580), ("HST-10-768-T1", 8.52, 0.379),
    ("HST-10-768", 38.91, 0.459), ("HST-10-768-288", 64.27, 0.458),
    ("HST-10-768-384", 113.64, 0.456),
  ])
  func `printed energies follow from the paper's formula and one rate`(
    _ name: String, _ printed: Double, _ rate: Double
  ) throws {
    let plan = NetworkPlan(try #require(Preset.named(name)).configuration)
    let layers = plan.operations(for: plan.nominalSize)
    let macs = Double(layers.reduce(0) { $0 + $1.accumulates })
    let ends = Double(layers[0].accumulates + layers[layers.count - 1].accumulates)
    let steps = Double(plan.configuration.timeSteps)
    let implied =
      (printed * 1e9 - 4.6 * Double(layers[0].accumulates)) / (0.9 * steps * (macs - ends))
    #expect(abs(implied - rate) < 0.00051, "\(implied)")
    let activity = try Self.uniform(plan) { _ in implied }
    let paper = EnergyEstimate(.paper, graph: plan.graph, activity: activity)
    #expect(abs(paper.millijoules - printed) < 0.0005)
  }

  /// The energies of HST-10-384 by part that the MaxFormer paper prints, from the rates of the
  /// parts that they imply.
  @Test func `printed energies by part follow from rates by part`() throws {
    let plan = NetworkPlan(try #require(Preset.named("HST-10-384")).configuration)
    let printed: [(String, Double, Double)] = [
      ("stage1 embedding", 0.336, 1.26), ("stage1 attention", 0.513, 0.16),
      ("stage1 MLP", 0.493, 0.41), ("stage2 embedding", 0.937, 2.68),
      ("stage2 attention", 0.561, 0.35), ("stage2 MLP", 0.463, 0.77),
      ("stage3 embedding", 1.038, 2.97), ("stage3 attention", 0.859, 2.71),
      ("stage3 MLP", 0.654, 3.81),
    ]
    let rates = Dictionary(uniqueKeysWithValues: printed.map { ($0.0, $0.1) })
    let activity = try Self.uniform(plan) {
      rates["\($0.path.prefix { $0 != "/" }) \($0.part.rawValue)"] ?? 0
    }
    let paper = EnergyEstimate(.paper, graph: plan.graph, activity: activity)
    let parts = Dictionary(uniqueKeysWithValues: paper.parts.map { ($0.name, $0.operations) })
    for (name, _, millijoules) in printed {
      let measured = try #require(parts[name]).millijoules()
      #expect(abs(measured - millijoules) < 0.006, "\(name): \(measured)")
    }
    #expect(abs(paper.millijoules - 15.13) < 0.02)
  }

  /// The log that Spikingformer's authors publish of their tool, for Spikingformer-8-512: its
  /// multiply-accumulates are those of the first convolution, the same as HST-10-512's, at each of
  /// four steps, and of the classifier with its bias.
  @Test func `spikingformer gives the figures of its tool's published log`() throws {
    let plan = NetworkPlan(try #require(Preset.named("HST-10-512")).configuration)
    var members = try #require(Self.uniform(plan) { _ in 0.5 }.json.object)
    members["synapses"] = try json(
      """
      {"inputs": {}, "products": {}, "first_input": \(Self.image), "head_input": \(Self.image)}
      """)
    let estimate = EnergyEstimate(
      .spikingformer, graph: plan.graph,
      activity: try ActivityCounter(json: .object(members), at: "log"))
    #expect(estimate.multiplyAccumulates == 347_329_512)
    let logged = OperationTally(
      accumulates: 6_517_540_940.76244, multiplyAccumulates: 347_329_512)
    #expect(abs(logged.millijoules() - 7.463502601886196) < 1e-12)
  }

  /// One sample of real numbers.
  private static let image = """
    {"elements": 1, "silent_samples": 0, "spikes": \(nothing), "signed": \(nothing),
    "reals": {"samples": 1, "nonzero": 1, "synapses": 1, "live_synapses": 1},
    "two_valued": {"samples": 0, "rate": 0}, "few_valued": {"samples": 0, "rate": 0}}
    """
  private static let nothing =
    #"{"samples": 0, "nonzero": 0, "synapses": 0, "live_synapses": 0}"#

  private func json(_ text: String) throws -> JSON {
    try JSON(parsing: Array(text.utf8), at: "test")
  }

  // MARK: Costs

  @Test func `costs of one's own are charged`() throws {
    let costs = try EnergyCosts(
      json: json(
        #"{"schema": "qkzoo.costs/1", "name": "a", "accumulate_pj": 2, "multiply_accumulate_pj": 0}"#
      ), at: "costs")
    let tally = OperationTally(accumulates: 1e9, multiplyAccumulates: 1e9)
    #expect(tally.millijoules(costs) == 2 && abs(tally.millijoules() - 5.5) < 1e-12)
  }

  @Test(arguments: [
    "{}", #"{"schema": "qkzoo.costs/2"}"#,
    #"{"schema": "qkzoo.costs/1", "accumulate_pj": 1, "multiply_accumulate_pj": 1}"#,
    #"{"schema": "qkzoo.costs/1", "name": "", "accumulate_pj": 1, "multiply_accumulate_pj": 1}"#,
    #"{"schema": "qkzoo.costs/1", "name": "x", "accumulate_pj": 1}"#,
    #"{"schema": "qkzoo.costs/1", "name": "x", "accumulate_pj": -1, "multiply_accumulate_pj": 1}"#,
    #"{"schema": "qkzoo.costs/1", "name": "x", "accumulate_pj": "1", "multiply_accumulate_pj": 1}"#,
    #"{"schema": "qkzoo.costs/1", "name": "x", "accumulate_pj": 2e9, "multiply_accumulate_pj": 1}"#,
    """
    {"schema": "qkzoo.costs/1", "name": "x", "accumulate_pj": 1, "multiply_accumulate_pj": 1,
    "mac_pj": 1}
    """,
  ])
  func `costs that say too little or too much are refused`(_ text: String) throws {
    #expect(
      try Refusal.of { _ = try EnergyCosts(json: json(text), at: "costs") }
        == Refusal(name: "energy-costs", exitCode: 65))
  }
}
