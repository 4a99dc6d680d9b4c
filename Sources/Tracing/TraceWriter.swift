import FileAccess
import SpikeInference
import SpikeTensors
import SpikingModels

/// Puts what an observer sees into its place in a file, frame by frame.
final class TraceWriter {
  /// Where a tensor's elements are.
  private struct Target {
    let tensor: TracedTensor
    let offset: Int
    /// Bytes of one sample at one step.
    let frame: Int
  }

  private let file: RandomAccessFile
  /// Samples of the whole trace.
  private let batch: Int
  /// By path of the layer.
  private let targets: [String: [Target]]
  /// The first sample of the unit that runs.
  var firstSample = 0
  private var failure: (any Error)?

  init(
    _ tensors: [(tensor: TracedTensor, offset: Int, byteCount: Int)], timeSteps: Int, batch: Int,
    file: RandomAccessFile
  ) {
    self.file = file
    self.batch = batch
    let frames = timeSteps * batch
    let all = tensors.map { Target(tensor: $0, offset: $1, frame: $2 / frames) }
    targets = Dictionary(grouping: all, by: \.tensor.layer.path)
  }

  /// What could not be written where an observer must not throw.
  func check() throws { if let failure { throw failure } }

  func neurons(_ group: NeuronGroup, _ current: CurrentMap, _ spikes: SpikeCountMap) throws {
    try check()
    let neuron = LIFNeuron(group.neurons.constants)
    let scope = group.neurons.scope
    for target in targets[group.path] ?? [] {
      switch target.tensor.kind {
      case .spikes: try write(spikes, target)
      case .current: try write(current, target)
      case .charged: try write(neuron.chargedPotentials(current, scope: scope), target)
      case .membrane: try write(neuron.membranePotentials(current, scope: scope), target)
      case .input: preconditionFailure("neurons read currents")
      }
    }
  }

  func convolution(_ node: Node, _ input: SpikeCountMap) {
    do {
      for target in targets[node.path] ?? [] { try write(input, target) }
    } catch {
      failure = failure ?? error
    }
  }

  private func write(_ map: SpikeCountMap, _ target: Target) throws {
    guard target.tensor.isPacked else {
      return try write(map, target) { ByteRegion(map.published(frame: $0)) }
    }
    let train = map.packed()
    try write(map, target) { ByteRegion(Array(train.step($0 / map.batch, $0 % map.batch))) }
  }

  private func write(_ map: CurrentMap, _ target: Target) throws {
    try write(map, target) { Tensor([map.frameCount], map.published(frame: $0)).bytes }
  }

  private func write<Element>(
    _ map: ActivationMap<Element>, _ target: Target, _ bytes: (_ frame: Int) -> ByteRegion
  ) throws {
    for t in 0..<map.timeSteps {
      for b in 0..<map.batch {
        let place = target.offset + (t * batch + firstSample + b) * target.frame
        try bytes(t * map.batch + b).withBytes { try file.write($0, at: place) }
      }
    }
  }
}

/// Traces spikes and what convolutions read.
struct SpikeTracer: ForwardObserver {
  let writer: TraceWriter
  static var observes: Observation { .spikes }

  mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) throws { try writer.neurons(group, current, spikes) }

  mutating func convolution(_ node: Node, input: SpikeCountMap) {
    writer.convolution(node, input)
  }
}

/// The same, and what needs currents.
struct CurrentTracer: ForwardObserver {
  let writer: TraceWriter
  static var observes: Observation { .currents }

  mutating func neurons(
    _ group: NeuronGroup, current: CurrentMap, spikes: inout SpikeCountMap
  ) throws { try writer.neurons(group, current, spikes) }

  mutating func convolution(_ node: Node, input: SpikeCountMap) {
    writer.convolution(node, input)
  }
}
