public import SpikingModels

/// The forward passes there are.
public enum ForwardEngine: String, Sendable, CaseIterable {
  /// Plain loops in the order of the paper.
  case reference
  /// The same bits, sooner.
  case fast

  /// Prepares a network for running, with `threads` (all processors if `nil`) and the kernels of a
  /// name (the fastest if `nil`) where the engine has a choice.
  ///
  /// - Throws: `InferenceFailure` if the configuration or the kernels are not available.
  public func prepare(
    _ graph: ModelGraph, _ weights: ModelWeights, threads: Int? = nil, kernels: String? = nil
  ) throws -> any ForwardPass {
    switch self {
    case .reference: return try ReferenceForward(graph, weights)
    case .fast:
      return try FastForward(
        graph, weights, kernels: .chosen(forced: kernels), threads: threads)
    }
  }
}
