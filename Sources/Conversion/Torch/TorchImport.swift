import CanonicalJSON
import Diagnostics
import FileAccess
import SpikeTensors
import TensorFiles

/// A PyTorch checkpoint as an imported file.
enum TorchImport {
  /// How many values the inert JSON of one member may have, and that of all members together.
  private static let memberBudget = 20_000
  private static let factBudget = 10 * memberBudget

  static func open(_ file: ByteRegion, _ path: String) throws -> ImportedFile {
    let checkpoint = try TorchCheckpoint(file, at: path)
    guard let root = checkpoint.root.dict else {
      throw TorchFailure(
        .stateDict, at: path, expected: "a dictionary", found: "another value")
    }
    if StateDictFinder.isStateDict(root) {
      return ImportedFile(
        container: .torch, path: path, stateDictNames: [], facts: [:], arguments: nil,
        read: { _ in .init(tensors: try tensors(root, checkpoint), dropped: (0, 0)) })
    }
    var finder = StateDictFinder()
    let members = finder.members(of: root)
    let states = finder.states(members)
    guard !states.isEmpty else {
      throw TorchFailure(
        .stateDict, at: path, expected: "a dictionary of tensors, bare or as a member",
        found: "members " + members.map(\.name).joined(separator: ", "))
    }
    let byName = Dictionary(uniqueKeysWithValues: states)
    let own = try ownMetadata(members, path)
    let rest = members.filter { byName[$0.0] == nil && $0.0 != ModelMetadata.member }
    return ImportedFile(
      container: .torch, path: path, stateDictNames: states.map(\.0),
      facts: facts(rest),
      arguments: own?.arguments ?? rest.first { $0.0 == "args" }.map { json($0.1) },
      own: own,
      read: { name in
        guard let name, let state = byName[name] else { preconditionFailure("a name of the file") }
        let others = rest.map(\.1) + states.filter { $0.0 != name }.map { .dict($0.1) }
        return .init(
          tensors: try tensors(state, checkpoint),
          dropped: dropped(others, beside: state, checkpoint))
      })
  }

  /// The strings that our own exporter wrote.
  private static func ownMetadata(
    _ members: [(name: String, value: PickleValue)], _ path: String
  ) throws -> ModelMetadata? {
    guard let member = members.first(where: { $0.name == ModelMetadata.member }),
      let strings = member.value.dict?.members
    else { return nil }
    let pairs = strings.compactMap { name, value in value.string.map { (name, $0) } }
    return try ModelMetadata(Dictionary(uniqueKeysWithValues: pairs), at: path)
  }

  private static func tensors(
    _ dict: PickleDict, _ checkpoint: TorchCheckpoint
  ) throws -> [(name: String, tensor: Tensor)] {
    let members = dict.members.compactMap { name, value in value.tensor.map { (name, $0) } }
    try TensorFileLimits.check(tensors: members.count, at: checkpoint.place)
    try checkpoint.checkCopies(of: members)
    return try checkpoint.tensors(members)
  }

  /// What is said of a value that is not taken over for its size or its depth.
  private static let leftOut: JSON = "left out: too large"

  /// Members that are plain values; members share values, so the budget is one for all, names included.
  private static func facts(_ members: [(String, PickleValue)]) -> [String: JSON] {
    var facts: [String: JSON] = [:]
    var left = factBudget
    for (name, value) in members where name != "args" && name != "optimizer" {
      left -= 1 + name.utf8.count / 16
      guard left >= 0 else { break }
      var budget = min(left, memberBudget)
      left -= budget
      facts[name] = value.json(budget: &budget) ?? leftOut
      left += max(budget, 0)
    }
    return facts
  }

  private static func json(_ value: PickleValue) -> JSON {
    var budget = memberBudget
    return value.json(budget: &budget) ?? leftOut
  }

  /// Counts the tensors inside values that are not taken over with a state dict, each container and
  /// storage once.
  private static func dropped(
    _ values: [PickleValue], beside state: PickleDict, _ checkpoint: TorchCheckpoint
  ) -> (tensors: Int, bytes: Int) {
    var seen: Set = [ObjectIdentifier(state)]
    var storages: Set<String> = []
    var pending = values
    var (tensors, bytes) = (0, 0)
    while let value = pending.popLast() {
      switch value {
      case .tensor(let tensor):
        tensors += 1
        if storages.insert(tensor.storage.key).inserted {
          bytes += checkpoint.byteCount(of: tensor.storage)
        }
      case .tuple(let tuple) where seen.insert(ObjectIdentifier(tuple)).inserted:
        pending += tuple.elements
      case .list(let list) where seen.insert(ObjectIdentifier(list)).inserted:
        pending += list.elements
      case .dict(let dict) where seen.insert(ObjectIdentifier(dict)).inserted:
        pending += dict.pairs.map(\.value)
      case .object(let object) where seen.insert(ObjectIdentifier(object)).inserted:
        pending += object.attributes.pairs.map(\.value)
      default: break
      }
    }
    return (tensors, bytes)
  }
}
