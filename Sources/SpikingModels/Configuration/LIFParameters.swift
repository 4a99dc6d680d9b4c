/// The constants of a leaky integrate-and-fire neuron with hard reset whose input decays with the
/// membrane.
///
/// Charge: `H[t] = V[t-1] + (X[t] - (V[t-1] - v_reset)) / tau`; fire: `S[t] = 1` where `H[t]`
/// reaches the threshold; reset: `V[t] = v_reset` where it fired, else `H[t]`.
///
/// Corresponds to the paper's equations 1 to 3 and SpikingJelly's `LIFNode`.
public struct LIFParameters: Sendable, Equatable {
  /// What happens when the charged potential equals the threshold.
  public enum FiringRule: String, Sendable, CaseIterable {
    /// Equality fires (QKFormer).
    case atOrAbove = "at_or_above"
    /// Equality does not fire (NIR).
    case above = "above"
  }

  /// Membrane time constant, at least 1. Corresponds to tau.
  public var timeConstant: Float
  /// Firing threshold. Corresponds to V_th.
  public var threshold: Float
  /// Whether equality fires.
  public var fires: FiringRule
  /// The potential after a spike. Corresponds to V_reset.
  public var resetPotential: Float

  /// Makes a set of constants.
  public init(
    timeConstant: Float, threshold: Float, fires: FiringRule, resetPotential: Float
  ) {
    self.timeConstant = timeConstant
    self.threshold = threshold
    self.fires = fires
    self.resetPotential = resetPotential
  }

  /// The released code's constants with a given threshold: tau 2, fires at equality, resets to 0.
  static func released(threshold: Float) -> LIFParameters {
    LIFParameters(timeConstant: 2, threshold: threshold, fires: .atOrAbove, resetPotential: 0)
  }
}
