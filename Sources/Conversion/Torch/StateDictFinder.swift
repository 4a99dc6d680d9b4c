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

  /// The members of a checkpoint. One that is all in a single member, as in `{"checkpoint": {...}}`, has
  /// the members of that, and what lies beside it.
  mutating func members(of root: PickleDict) -> [(name: String, value: PickleValue)] {
    let outer = root.members
    guard states(outer).isEmpty, let (name, inner) = onlyHolder(outer) else { return outer }
    let names = Set(inner.members.map(\.name))
    return inner.members + outer.filter { $0.name != name && !names.contains($0.name) }
  }

  private mutating func onlyHolder(
    _ members: [(name: String, value: PickleValue)]
  ) -> (name: String, dict: PickleDict)? {
    var seen: Set<ObjectIdentifier> = []
    let holders = members.compactMap { name, value -> (name: String, dict: PickleDict)? in
      guard let dict = value.dict, seen.insert(ObjectIdentifier(dict)).inserted else { return nil }
      return states(dict.members).isEmpty ? nil : (name, dict)
    }
    return holders.count == 1 ? holders[0] : nil
  }

  private mutating func isState(_ dict: PickleDict) -> Bool {
    let isState = known[ObjectIdentifier(dict)] ?? Self.isStateDict(dict)
    known[ObjectIdentifier(dict)] = isState
    return isState
  }
}
