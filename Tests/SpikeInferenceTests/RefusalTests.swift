import Diagnostics
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// What the forward pass refuses to compute.
@Suite struct RefusalTests {
  private func code(_ body: () throws -> Void) -> InferenceFailureCode? {
    do {
      try body()
      return nil
    } catch {
      return (error as? InferenceFailure)?.code
    }
  }

  private func weights(_ edit: (inout [String: Tensor]) throws -> Void) rethrows
    -> InferenceFailureCode?
  {
    let configuration = TinyModel.configuration()
    var parameters = TinyModel.parameters(configuration)
    try edit(&parameters)
    return code { _ = try ModelWeights(configuration.graph, parameters: parameters) }
  }

  private func filled(_ tensor: Tensor, _ value: Float) -> Tensor {
    Tensor(tensor.shape, [Float](repeating: value, count: tensor.count))
  }

  @Test func `values that are not finite or too large`() throws {
    for value in [Float.nan, .infinity, -0x1p64] {
      let code = try weights {
        $0["head/weight"] = filled(try #require($0["head/weight"]), value)
      }
      #expect(code == .magnitude)
    }
    #expect(
      try weights { $0["head/weight"] = filled(try #require($0["head/weight"]), 0x1.fffp63) } == nil
    )
  }

  @Test func `a variance whose sum with epsilon is not positive`() throws {
    let path = "stage1/speds/unit0/bn/running_var"
    #expect(try weights { $0[path] = filled(try #require($0[path]), -2e-5) } == .variance)
    #expect(try weights { $0[path] = filled(try #require($0[path]), 0) } == nil)
  }

  @Test func `float64 weights`() throws {
    let code = try weights {
      let tensor = try #require($0["head/bias"])
      let bytes = [UInt8](repeating: 0, count: tensor.count * 8)
      $0["head/bias"] = try Tensor(.f64, tensor.shape, .init(bytes), name: "head/bias")
    }
    #expect(code == .elementType)
  }

  /// The lists of the fast engine hold offsets of 32 bits; nothing is allocated before that is known.
  @Test func `rows whose sums need more than 32 bits`() throws {
    var configuration = TinyModel.configuration()
    configuration.timeSteps = 1_024
    let plan = NetworkPlan(configuration)
    let weights = try ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration))
    let input = try InputBatch(
      TinyModel.input(configuration, batch: 1, height: 1, width: 1 << 15), for: configuration.graph,
      name: "wide")
    let fast = try FastForward(plan.graph, weights, threads: 1)
    var nobody = NoObserver()
    #expect(code { _ = try fast.logits(of: input, observer: &nobody) } == .inputShape)
  }

  @Test func `more memory than any machine has`() {
    let size = SpatialSize(height: 1, width: 1)
    func refused(_ bytes: Double) -> InferenceFailureCode? {
      code { try MemoryNeed.require(bytes, batch: 1, steps: 1, size: size) }
    }
    #expect(refused(0x1p60) == .memory)
    #expect(refused(0x1p20) == nil)
  }

  @Test func `more tokens than 32-bit sums of attention can hold`() {
    var configuration = TinyModel.configuration(mixers: [.ssa])
    configuration.qkformer.stages[0].channels = 1 << 16
    configuration.qkformer.stages[0].heads = 1
    func refused(_ width: Int) -> InferenceFailureCode? {
      code {
        _ = try InputBatch(
          Tensor([1, 3, 128, width], [Float](repeating: 0, count: 3 * 128 * width)),
          for: configuration.graph, name: "input")
      }
    }
    #expect(refused(255) == nil)
    #expect(refused(256) == .inputShape)
  }

  @Test func `half precision widens exactly`() throws {
    let half = try Tensor(.f16, [2], .init([0x00, 0x3C, 0x55, 0x35]), name: "half")
    #expect(try half.floats(name: "half") == [1, 0.33325195])
    let brain = try Tensor(.bf16, [2], .init([0x80, 0x3F, 0xAB, 0x3E]), name: "brain")
    #expect(try brain.floats(name: "brain") == [1, 0.333984375])
  }

  @Test func `inputs of the wrong shape or value`() throws {
    let configuration = TinyModel.configuration()
    func input(_ shape: [Int], _ value: Float = 0) -> InferenceFailureCode? {
      let values = [Float](repeating: value, count: shape.reduce(1, *))
      return code {
        _ = try InputBatch(Tensor(shape, values), for: configuration.graph, name: "input")
      }
    }
    #expect(input([1, 3, 16, 16]) == nil)
    #expect(input([3, 16, 16]) == .inputShape)
    #expect(input([1, 1, 16, 16]) == .inputShape)
    #expect(input([0, 3, 16, 16]) == .inputShape)
    #expect(input([1, 3, 3, 16, 16]) == .inputShape)
    #expect(input([1, 3, 16, 16], .nan) == .magnitude)
  }
}
