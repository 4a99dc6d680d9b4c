import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// The numerics contract against a second, naive implementation of it.
@Suite struct NumericsTests {
  /// Every current of a small network, recomputed one output at a time with real fused
  /// multiply-adds, from the inputs that the observer saw.
  @Test(arguments: [QKFormer.Family.imagenet, .cifar, .dvs])
  func `convolutions sum in the order of the contract`(
    _ family: QKFormer.Family
  ) throws {
    let configuration = TinyModel.configuration(family, blocks: 2)
    let plan = NetworkPlan(configuration)
    let parameters = TinyModel.parameters(configuration)
    let engine = try ReferenceForward(plan.graph, ModelWeights(plan.graph, parameters: parameters))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 1), for: configuration.graph, name: "input")
    var watcher = Watcher()
    _ = try engine.logits(of: input, observer: &watcher)
    var largest = 0
    for node in plan.graph.countingConvolutions
    where plan.graph.node(at: node.path + "/pool") == nil {
      let counts = try #require(watcher.inputs[node.path])
      let currents = try #require(watcher.currents[node.path + "/lif"])
      let naive = try Naive(node, parameters, epsilon: configuration.batchNormEpsilon)
      #expect(currents.values == naive.currents(counts), "\(node.path)")
      largest = max(largest, Int(counts.values.max() ?? 0))
    }
    #expect(largest > 2, "some input has a second plane")
  }

  @Test func `a neuron fires at its threshold, and above it only if configured so`() {
    func neuron(_ rule: LIFParameters.FiringRule) -> LIFNeuron {
      LIFNeuron(.init(timeConstant: 2, threshold: 0.5, fires: rule, resetPotential: 0))
    }
    #expect(neuron(.atOrAbove).charge(0, 1) == 0.5)
    #expect(neuron(.atOrAbove).fires(0.5))
    #expect(!neuron(.above).fires(0.5))
    #expect(neuron(.above).fires(Float(0.5).nextUp))
    #expect(neuron(.above).reset(0.75, spike: true) == 0)
    #expect(neuron(.above).reset(0.25, spike: false) == 0.25)
  }

  @Test func `a packed train has its first neuron in the lowest bit and channels before positions`()
  {
    var map = SpikeCountMap(
      repeating: 0, timeSteps: 1, batch: 1, size: .init(height: 1, width: 3), channels: 2)
    map.values[map.values.startIndex + 2 * 2 + 1] = 1  // token 2, channel 1
    let train = map.packed()
    #expect(train.bytes == [0b10_0000])  // channel 1 * 3 tokens + token 2 = bit 5
    var again = map
    again.values = again.values.map { _ in 0 }
    again.replace(by: train)
    #expect(again.values == map.values)
  }
}

private struct Watcher: ForwardObserver {
  var inputs: [String: SpikeCountMap] = [:]
  var currents: [String: CurrentMap] = [:]

  mutating func neurons(_ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap) {
    currents[group.path] = current
  }

  mutating func convolution(_ node: Node, input: SpikeCountMap) {
    inputs[node.path] = input
  }
}

/// One convolution as the contract spells it: no lanes, no skipping, `fma(2^b, sum, acc)`.
private struct Naive {
  let unit: Convolution
  let weight: [Float]
  let scale: [Float]
  let shift: [Float]

  init(_ node: Node, _ tensors: [String: Tensor], epsilon: Double) throws {
    unit = try #require(node.convolution)
    func floats(_ name: String) throws -> [Double] {
      try #require(tensors["\(node.path)/\(name)"]).floats(name: name).map(Double.init)
    }
    weight = try floats("conv/weight").map(Float.init)
    let (gamma, beta) = (try floats("bn/weight"), try floats("bn/bias"))
    let (mean, variance) = (try floats("bn/running_mean"), try floats("bn/running_var"))
    let bias = unit.hasBias ? try floats("conv/bias") : gamma.map { _ in 0 }
    let factors = zip(gamma, variance).map { $0 / ($1 + epsilon).squareRoot() }
    scale = factors.map(Float.init)
    shift = gamma.indices.map { Float((bias[$0] - mean[$0]) * factors[$0] + beta[$0]) }
  }

  func currents(_ input: SpikeCountMap) -> [Float] {
    let size = unit.outputSize(input.size)
    return (0..<input.timeSteps * input.batch).flatMap { frame in
      (0..<size.count).flatMap { token in
        (0..<unit.outChannels).map { output in
          shift[output].addingProduct(
            sum(input, frame, token / size.width, token % size.width, output), scale[output])
        }
      }
    }
  }

  private func sum(
    _ input: SpikeCountMap, _ frame: Int, _ y: Int, _ x: Int, _ output: Int
  ) -> Float {
    var sum: Float = 0
    let padding = unit.kernel / 2
    for ky in 0..<unit.kernel {
      for kx in 0..<unit.kernel {
        let (row, column) = (y * unit.stride + ky - padding, x * unit.stride + kx - padding)
        guard (0..<input.size.height).contains(row), (0..<input.size.width).contains(column)
        else { continue }
        let pixel = (frame * input.size.count + row * input.size.width + column) * unit.inChannels
        for group in stride(from: 0, to: unit.inChannels, by: 4) {
          for plane in 0..<8 {
            let terms = (0..<4).map { lane -> Float in
              guard group + lane < unit.inChannels else { return 0 }
              let bit = Float(input.values[pixel + group + lane] >> UInt8(plane) & 1)
              let tap = ky * unit.kernel + kx
              let row = (output * unit.inChannels + group + lane) * unit.kernel * unit.kernel
              return weight[row + tap] * bit
            }
            let partial = (terms[0] + terms[1]) + (terms[2] + terms[3])
            sum = sum.addingProduct(Float(1 << plane), partial)
          }
        }
      }
    }
    return sum
  }
}
