// Two operands, element by element.

extension Activation {
  /// The stream after a shortcut: exact for counts, each sum rounded once for membranes.
  static func + (left: Activation, right: Activation) -> Activation {
    switch (left, right) {
    case (.real(let left), .real(let right)): .real(left + right)
    case (.counts(let left), .counts(let right)): .counts(left + right)
    default: preconditionFailure("a sum of counts and real numbers")
    }
  }
}

extension ActivationMap<UInt8> {
  /// Ones where both maps are one.
  func intersection(_ other: SpikeCountMap) -> SpikeCountMap {
    map(channels: channels, zip(values, other.values).map { $0 & $1 })
  }
}
