/// The multiply-accumulates of one layer for one sample at one time step.
public struct LayerOperations: Sendable, Equatable {
  /// How a layer's work is charged by the energy conventions.
  public enum Kind: String, Sendable {
    /// The first convolution, whose input is real.
    case firstConvolution = "first_convolution"
    /// A convolution whose input is counts of spikes.
    case convolution
    /// SSA's two products, in the code's order: `K^T V`, then `Q` times that.
    case attentionProduct = "attention_product"
    /// The classifier.
    case head
  }

  /// Canonical path of the convolution, the attention or the head.
  public let path: String
  /// The part of the network, as in `stage1 embedding`.
  public let part: String
  /// How it is charged.
  public let kind: Kind
  /// Multiply-accumulates, padding taps included.
  public let accumulates: Int
}

extension Node {
  /// The operation's work; `nil` where it multiplies nothing.
  ///
  /// SSA's two products are counted in the code's order, under the path of the attention; Q-K
  /// attention has none, only sums and masks.
  public var work: LayerOperations? {
    switch operation {
    case .convolution(let convolution):
      return LayerOperations(
        path: path, part: partName, kind: inputs == [0] ? .firstConvolution : .convolution,
        accumulates: convolution.accumulatesPerPosition * shape.size.count)
    case .selfAttention(let attention):
      let channels = shape.channels
      return LayerOperations(
        path: String(path.dropLast("/product".count)), part: partName, kind: .attentionProduct,
        accumulates: 2 * shape.size.count * channels * (channels / attention.heads))
    case .classifier(let classifier):
      return LayerOperations(
        path: path, part: partName, kind: .head,
        accumulates: classifier.features * classifier.classes)
    default: return nil
    }
  }
}

extension Node {
  /// The stage and the part, as in `stage1 embedding`; `head` for what stands behind all stages.
  private var partName: String {
    part == .head ? part.rawValue : "\(path.prefix { $0 != "/" }) \(part.rawValue)"
  }
}

extension ModelGraph {
  /// Every layer's work, in the order of the forward pass.
  ///
  /// Corresponds to the "MACs per time step" of the papers' energy estimates.
  public var operations: [LayerOperations] { nodes.compactMap(\.work) }
}

extension NetworkPlan {
  /// Multiply-accumulates of one sample at one time step, at the nominal input size.
  public var accumulatesPerStep: Int {
    graph.operations.reduce(0) { $0 + $1.accumulates }
  }

  /// Every layer's work for an input of some extent, in the order of the forward pass.
  public func operations(for input: SpatialSize) -> [LayerOperations] {
    graph(for: input).operations
  }
}
