import SpikingModels

/// What a node of the reference forward pass gives, `[T, B, N, C]`; one step where it is the same at
/// every step.
enum Activation {
  /// Real numbers.
  case real(CurrentMap)
  /// Spikes, or sums of them.
  case counts(SpikeCountMap)

  /// Real numbers; anything else is a node whose signal was inferred wrongly.
  var currents: CurrentMap {
    guard case .real(let map) = self else {
      preconditionFailure("counts where reals were inferred")
    }
    return map
  }

  /// Counts; anything else is a node whose signal was inferred wrongly.
  var spikes: SpikeCountMap {
    guard case .counts(let map) = self else {
      preconditionFailure("reals where counts were inferred")
    }
    return map
  }

  /// What a neuron charges with: counts as numbers.
  var charge: CurrentMap {
    switch self {
    case .real(let map): map
    case .counts(let map): map.map(channels: map.channels, map.values.map(Float.init))
    }
  }

  /// The same values at each of several steps, where there is one.
  func repeated(timeSteps: Int) -> Activation {
    switch self {
    case .real(let map) where map.timeSteps != timeSteps:
      .real(map.repeated(timeSteps: timeSteps))
    case .counts(let map) where map.timeSteps != timeSteps:
      .counts(map.repeated(timeSteps: timeSteps))
    default: self
    }
  }
}
