public import SpikingModels

/// Leaky integrate-and-fire neurons, one for each position and channel of a sample.
///
///     H[t] = V[t-1] + (X[t] - (V[t-1] - v_reset)) / tau        charge    (paper, equation 1)
///     S[t] = 1 where H[t] >= v_threshold                       fire      (paper, equation 2)
///     V[t] = v_reset where S[t] = 1, else H[t]                 reset     (paper, equation 3)
public struct LIFNeuron: Sendable {
  let parameters: LIFParameters

  /// Neurons with some constants.
  public init(_ parameters: LIFParameters) { self.parameters = parameters }

  /// *H* from *V* and *X*.
  public func charge(_ membranePotential: Float, _ inputCurrent: Float) -> Float {
    membranePotential
      + (inputCurrent - (membranePotential - parameters.resetPotential)) / parameters.timeConstant
  }

  /// *S* from *H*.
  public func fires(_ chargedPotential: Float) -> Bool {
    switch parameters.fires {
    case .atOrAbove: chargedPotential >= parameters.threshold
    case .above: chargedPotential > parameters.threshold
    }
  }

  /// *V* from *H* and *S*.
  public func reset(_ chargedPotential: Float, spike: Bool) -> Float {
    spike ? parameters.resetPotential : chargedPotential
  }

  /// *V* before the first step: the reset potential, as in SpikingJelly.
  public var initialPotential: Float { parameters.resetPotential }

  /// The spikes for input currents `[T, B, N, C]`.
  ///
  /// With scope `sample` each sample has its own state over T steps. With scope `batch` there is
  /// one state for each (token, channel), and it visits the frames `t * B + b` in ascending order.
  func spikes(
    _ current: CurrentMap, scope: NeuronScope
  ) -> SpikeCountMap {
    var spikes = [UInt8](repeating: 0, count: current.values.count)
    run(current, scope: scope) { index, _, spike in spikes[index] = spike ? 1 : 0 }
    return current.map(channels: current.channels, spikes)
  }

  /// *H*, the potential after charge, for input currents `[T, B, N, C]`.
  public func chargedPotentials(
    _ current: CurrentMap, scope: NeuronScope
  ) -> CurrentMap {
    var potentials = current
    run(current, scope: scope) { index, charged, _ in potentials.values[index] = charged }
    return potentials
  }

  /// *V*, the potential after reset, for input currents `[T, B, N, C]`.
  public func membranePotentials(
    _ current: CurrentMap, scope: NeuronScope
  ) -> CurrentMap {
    var potentials = current
    run(current, scope: scope) { index, charged, spike in
      potentials.values[index] = reset(charged, spike: spike)
    }
    return potentials
  }

  /// Charges, fires and resets every neuron at each of its visits, and tells *H* and *S*.
  @inline(__always)
  private func run(
    _ current: CurrentMap, scope: NeuronScope,
    _ body: (_ index: Int, _ charged: Float, _ spike: Bool) -> Void
  ) {
    let visits = scope == .sample ? current.timeSteps : current.frames
    let neurons = current.values.count / visits
    var potential = [Float](repeating: initialPotential, count: neurons)
    for visit in 0..<visits {
      for neuron in 0..<neurons {
        let index = visit * neurons + neuron
        let charged = charge(potential[neuron], current.values[index])
        let spike = fires(charged)
        potential[neuron] = reset(charged, spike: spike)
        body(index, charged, spike)
      }
    }
  }
}
