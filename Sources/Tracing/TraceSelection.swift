import Diagnostics
public import SpikeTensors
public import SpikingModels

/// What a trace can show of a layer.
public enum TraceKind: String, Sendable, CaseIterable {
  /// Spikes of neurons, *S*.
  case spikes
  /// Integers that a convolution reads.
  case input
  /// Input currents of neurons, *X*.
  case current
  /// Potentials of neurons after charge and before they fire, *H*.
  case charged
  /// Potentials of neurons after reset, *V*.
  case membrane

  /// Whether it needs the currents of neurons.
  var needsCurrents: Bool { [.current, .charged, .membrane].contains(self) }
}

/// A layer that can be traced: a convolution of integers, or a group of neurons.
public struct TraceLayer: Sendable, Equatable {
  /// Canonical path.
  public let path: String
  /// Whether it is a group of neurons; else a convolution.
  public let hasNeurons: Bool
  /// What a convolution reads, or the neurons, of one sample at one step.
  public let shape: [Int]

  /// Describes a layer.
  public init(path: String, hasNeurons: Bool, shape: [Int]) {
    self.path = path
    self.hasNeurons = hasNeurons
    self.shape = shape
  }
}

/// One tensor of a trace.
public struct TracedTensor: Sendable, Equatable {
  /// What it shows.
  public let kind: TraceKind
  /// The layer.
  public let layer: TraceLayer
  /// Whether spikes are bits.
  public let isPacked: Bool

  /// Describes a tensor of a trace.
  public init(kind: TraceKind, layer: TraceLayer, isPacked: Bool) {
    self.kind = kind
    self.layer = layer
    self.isPacked = isPacked
  }

  /// Its name in the file, as in `spikes/stage1/block0/attention/q/lif`.
  public var name: String { "\(kind.rawValue)/\(layer.path)" }

  /// It as part of a file, `[T, B, ...]`; packed spikes are `[T, B, bytes]`.
  public func planned(timeSteps: Int, batch: Int) -> PlannedTensor {
    let count = layer.shape.reduce(1, *)
    return PlannedTensor(
      name: name, elementType: kind.needsCurrents ? .f32 : .u8,
      shape: [timeSteps, batch] + (isPacked ? [(count + 7) / 8] : layer.shape))
  }
}

/// Which layers are traced, and what of them.
public struct TraceSelection: Sendable {
  /// The layers, in the order of the forward pass.
  public let layers: [TraceLayer]
  private let place: String

  /// The layers of a network that patterns describe, in the shapes that the graph has.
  ///
  /// In a pattern `*` stands for any characters and `?` for one; a pattern that describes a folder
  /// takes all that is in it. The first convolution reads the input itself and is no layer of a
  /// trace.
  ///
  /// - Throws: `TraceFailure` for a pattern that matches nothing.
  public init(_ graph: ModelGraph, _ patterns: [String], place: String) throws {
    let all = graph.nodes.compactMap { Self.layer($0, graph) }
    let globs = patterns.map(Glob.init)
    if let glob = globs.first(where: { glob in !all.contains { glob.matches($0.path) } }) {
      let near = glob.nearest(all.map(\.path), count: 3).joined(separator: ", ")
      throw TraceFailure(
        .noLayer, at: place, expected: "a pattern of layers, as near ones are \(near)",
        found: "`\(glob.pattern)`, which matches none")
    }
    layers = all.filter { layer in globs.contains { $0.matches(layer.path) } }
    self.place = place
  }

  private static func layer(_ node: Node, _ graph: ModelGraph) -> TraceLayer? {
    switch node.operation {
    case .neurons: TraceLayer(path: node.path, hasNeurons: true, shape: node.shape.axes)
    case .convolution where graph.nodes[node.inputs[0]].signal != .real:
      TraceLayer(path: node.path, hasNeurons: false, shape: node.inputShape.axes)
    default: nil
    }
  }

  /// What is traced of them, in the order of the forward pass; spikes as bits if `packs`.
  ///
  /// - Throws: `TraceFailure` if there is nothing.
  public func tensors(_ kinds: [TraceKind], packs: Bool) throws -> [TracedTensor] {
    let tensors = layers.flatMap { layer in
      kinds.filter { ($0 == .input) != layer.hasNeurons }.map { kind in
        TracedTensor(kind: kind, layer: layer, isPacked: packs && kind == .spikes)
      }
    }
    guard tensors.isEmpty else { return tensors }
    throw TraceFailure(
      .nothing, at: place,
      expected: kinds == [.input] ? "a convolution of integers" : "a group of neurons",
      found: "only " + layers.prefix(3).map(\.path).joined(separator: ", "))
  }
}
