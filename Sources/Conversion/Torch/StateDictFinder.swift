/// Finds the state dicts of a checkpoint; a pickle may use one dictionary any number of times, and each is
/// looked through once.
struct StateDictFinder {
  private var known: [ObjectIdentifier: Bool] = [:]

  /// Tensors by name, and at least one.
  static func isStateDict(_ dict: PickleDict) -> Bool {
    !dict.pairs.isEmpty
      && dict.pairs.allSatisfy { $0.key.string != nil && $0.value.tensor != nil }
  }

  /// The members that are state dicts.
  mutating func states(
    _ members: [(name: String, value: PickleValue)]
  ) -> [(String, PickleDict)] {
    members.compactMap { name, value in
      guard let dict = value.dict, isState(dict) else { return nil }
      return (name, dict)
    }
  }

  private mutating func isState(_ dict: PickleDict) -> Bool {
    let isState = known[ObjectIdentifier(dict)] ?? Self.isStateDict(dict)
    known[ObjectIdentifier(dict)] = isState
    return isState
  }
}
