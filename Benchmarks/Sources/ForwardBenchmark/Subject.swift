import ArgumentParser
import CheckpointFormat
import Conversion
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles

/// A model and an input, ready to run.
struct Subject: ParsableArguments {
  @Argument(help: "Weights: .pth, .safetensors or .qkz.h5.")
  var weights: String
  @Option(help: "The configuration of a foreign file, as listed by `qkzoo presets`.")
  var preset: String?
  @Option(help: "Input tensor, .npy or FILE:TENSOR.")
  var input: String
  @Option(help: "Samples of the input that are run together.")
  var batch = 1
  @Option(help: "Time steps, instead of the configuration's; for pictures only.")
  var steps: Int?
  @OptionGroup var machine: Machine

  /// Threads and kernels.
  struct Machine: ParsableArguments {
    @Option(help: "Threads (default: all processors).")
    var threads = SpikeKernels.processors
    @Option(help: "Kernels (default: the fastest here).")
    var kernel: String?
  }

  /// The engine, with scope `sample`.
  func engine() throws -> FastForward {
    let checkpoint = try self.checkpoint()
    var configuration = checkpoint.configuration
    configuration.scope = .sample
    configuration.timeSteps = steps ?? configuration.timeSteps
    let graph = configuration.graph
    return try FastForward(
      graph, ModelWeights(graph, parameters: checkpoint.parameters),
      kernels: .chosen(forced: machine.kernel), threads: machine.threads)
  }

  func samples(for engine: FastForward) throws -> InputBatch {
    let all = try InputBatch(
      TensorSource.read(input), for: engine.graph, name: input)
    return all.samples(0..<min(batch, all.batch))
  }

  private func checkpoint() throws -> Checkpoint {
    if weights.hasSuffix(".h5") { return try CheckpointFile.openVerified(weights).checkpoint() }
    let assembly = try ModelAssembly(path: weights)
    let choice = try assembly.choose(explicit: preset.map { try .preset($0) }, entries: [])
    return try assembly.checkpoint(choice)
  }
}

extension FastForward {
  /// The logits, unobserved.
  func logits(of input: InputBatch) throws -> [[Float]] {
    var nobody = NoObserver()
    return try logits(of: input, observer: &nobody)
  }
}
