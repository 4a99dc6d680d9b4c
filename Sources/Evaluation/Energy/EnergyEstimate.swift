public import QKFormerModel

/// Synaptic operations and energy of one inference, under one named convention.
///
/// The conventions disagree by factors; a figure without its convention says nothing.
///
/// Corresponds to the paper's appendix and to Horowitz (2014), 45 nm.
public struct EnergyEstimate: Sendable, Equatable {
  /// How operations are counted and charged.
  public enum Convention: String, Sendable, CaseIterable {
    /// The paper's: integer inputs count as that many accumulates; the first convolution is
    /// charged once as multiply-accumulates; the classifier is left out.
    case paper
    /// Only 0/1 inputs are event-driven: integer inputs make a layer multiply-accumulate at every
    /// step; the first convolution is charged at every step, the classifier once.
    case strict
  }

  /// Energy of a multiply-accumulate, in picojoules.
  public static let macPicojoules = 4.6
  /// Energy of an accumulate, in picojoules.
  public static let acPicojoules = 0.9

  /// The convention.
  public let convention: Convention
  /// Accumulates for each sample.
  public let accumulates: Double
  /// Multiply-accumulates for each sample.
  public let multiplyAccumulates: Double

  /// Energy for each sample, in millijoules.
  public var millijoules: Double {
    (accumulates * Self.acPicojoules + multiplyAccumulates * Self.macPicojoules) * 1e-9
  }

  /// Estimates from measured activity; `size` is the extent of the inputs.
  public init(
    _ convention: Convention, plan: NetworkPlan, size: SpatialSize, activity: ActivityCounter
  ) {
    let steps = Double(plan.configuration.timeSteps)
    let isDirect = plan.configuration.input.coding == .direct
    var (accumulates, multiplies) = (0.0, 0.0)
    for layer in plan.operations(for: size) {
      let macs = Double(layer.accumulates)
      switch layer.kind {
      case .firstConvolution:
        multiplies += macs * (convention == .paper && isDirect ? 1 : steps)
      case .head:
        multiplies += convention == .paper ? 0 : macs
      case .attentionProduct:
        accumulates += macs / 2 * steps * Self.productRate(layer.path, activity)
      case .convolution:
        guard let input = activity.inputs[layer.path] else { continue }
        if convention == .paper || input.isBinary {
          accumulates += macs * steps * input.meanCount
        } else {
          multiplies += macs * steps
        }
      }
    }
    self.convention = convention
    self.accumulates = accumulates
    multiplyAccumulates = multiplies
  }

  /// SSA's two products: the rarer of K and V for the first, Q for the second.
  private static func productRate(_ path: String, _ activity: ActivityCounter) -> Double {
    func rate(_ name: String) -> Double {
      activity.spikes["\(path)/\(name)/lif"]?.firingRate ?? 0
    }
    return min(rate("k"), rate("v")) + rate("q")
  }
}
