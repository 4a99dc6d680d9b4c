import CanonicalJSON
import SpikeTensors

/// What a pickle describes, as inert data.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int64)
  /// An integer beyond 64 bits, kept as its little-endian bytes.
  case longInt([UInt8])
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case tuple(PickleTuple)
  case list(PickleList)
  case dict(PickleDict)
  /// A name that was imported in the original; nothing is behind it.
  case global(PickleGlobal)
  /// An instance of an allowed class whose attributes are plain values.
  case object(PickleObject)
  case storage(TorchStorage)
  case tensor(TorchTensor)
}

/// A finished tuple, how deeply tuples are nested in it, and what it would take to write it out.
final class PickleTuple {
  let elements: [PickleValue]
  let depth: Int
  let cost: Int

  init(_ elements: [PickleValue]) {
    self.elements = elements
    depth = 1 + (elements.compactMap { $0.tuple?.depth }.max() ?? 0)
    cost = elements.reduce(1) { min($0 + $1.cost, Int(Int32.max)) }
  }
}

/// A list under construction; pickles share and extend lists by reference.
final class PickleList {
  var elements: [PickleValue] = []
}

/// A dictionary under construction, in order of insertion.
final class PickleDict {
  var pairs: [(key: PickleValue, value: PickleValue)] = []

  /// The last value of a string key.
  subscript(key: String) -> PickleValue? {
    pairs.last { if case .string(key) = $0.key { true } else { false } }?.value
  }
}

extension PickleDict {
  /// The values of string keys in order; of two of one name the last counts, as in Python.
  var members: [(name: String, value: PickleValue)] {
    var members: [(name: String, value: PickleValue)] = []
    var places: [String: Int] = [:]
    for (key, value) in pairs {
      guard let name = key.string else { continue }
      if let place = places[name] {
        members[place].value = value
      } else {
        places[name] = members.count
        members.append((name, value))
      }
    }
    return members
  }
}

/// An instance whose attributes were set by the pickle.
final class PickleObject {
  let typeName: String
  let attributes = PickleDict()

  init(typeName: String) { self.typeName = typeName }
}

/// The value of a pickle, and what keeps it alive.
struct PickleDocument {
  let root: PickleValue
  /// Every storage that is named, by key.
  let storages: [String: TorchStorage]
  let containers: PickleContainers
}

/// Every container of a pickle, whether reading it ends well or not.
///
/// Containers may hold each other in chains of any depth and in circles; here each is emptied
/// before it is released, so releasing never recurses.
final class PickleContainers {
  private var lists: [PickleList] = []
  private var dicts: [PickleDict] = []

  func add(_ list: PickleList) { lists.append(list) }
  func add(_ dict: PickleDict) { dicts.append(dict) }

  deinit {
    for list in lists { list.elements = [] }
    for dict in dicts { dict.pairs = [] }
  }
}

/// A storage of the archive, by the key of its entry.
struct TorchStorage {
  let key: String
  let elementType: ElementType?
  let typeName: String
  let count: Int
}

/// A strided view of a storage.
struct TorchTensor {
  let storage: TorchStorage
  let offset: Int
  let shape: [Int]
  let strides: [Int]
  let metadata: TorchMetadata
}

/// What a tensor says of itself beside its storage; only who reads its elements must understand it.
///
/// Corresponds to `get_tensor_metadata` in `torch/_utils.py`.
enum TorchMetadata {
  /// The elements are those stored.
  case none
  /// The elements are those stored, with the other sign.
  case negated
  /// Anything else, in words.
  case unknown(String)

  /// Reads the argument; PyTorch passes over one that is empty, and looks at the keys alone, so a key
  /// that is `False` has no meaning that one could rely on.
  init(_ value: PickleValue?) {
    switch value {
    case nil, .some(.none): self = .none
    case .dict(let dict):
      let words = dict.pairs.map { key, value in
        "\(key.string ?? "a key that is no text"): \(value.bool.map { "\($0)" } ?? "another value")"
      }
      switch words {
      case []: self = .none
      case ["neg: true"]: self = .negated
      default: self = .unknown(words.prefix(4).joined(separator: ", "))
      }
    default: self = .unknown("no dictionary")
    }
  }
}

extension PickleValue {
  /// How many values or bytes an operation on this value may copy.
  var cost: Int {
    switch self {
    case .string(let text): 1 + text.utf8.count
    case .bytes(let bytes), .longInt(let bytes): 1 + bytes.count
    case .tuple(let tuple): tuple.cost
    case .list(let list): 1 + list.elements.count
    case .dict(let dict): 1 + dict.pairs.count
    case .tensor(let tensor): 1 + tensor.shape.count
    case .none, .bool, .int, .float, .global, .object, .storage: 1
    }
  }

  /// The text, if this is a string.
  var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The number, if this is an integer.
  var int: Int? { if case .int(let value) = self { Int(value) } else { nil } }
  /// The truth value, if this is one.
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The tuple, if this is one.
  var tuple: PickleTuple? { if case .tuple(let tuple) = self { tuple } else { nil } }
  /// The dictionary, if this is one.
  var dict: PickleDict? { if case .dict(let dict) = self { dict } else { nil } }
  /// The tensor, if this is one.
  var tensor: TorchTensor? { if case .tensor(let tensor) = self { tensor } else { nil } }

  /// What the value itself takes of a budget: one, and more for long text.
  private var textCost: Int {
    switch self {
    case .string(let text): 1 + text.utf8.count / 16
    case .tensor(let tensor): 1 + tensor.shape.count
    default: 1
    }
  }

  /// The value as JSON that describes it and does nothing; `nil` beyond the budget.
  ///
  /// Tensors and storages become a word; keys that are not strings their text.
  func json(budget: inout Int, depth: Int = 0) -> JSON? {
    budget -= textCost
    guard budget >= 0, depth < 32 else { return nil }
    func list(_ elements: [PickleValue]) -> JSON? {
      let items = elements.map { $0.json(budget: &budget, depth: depth + 1) }
      return items.contains(nil) ? nil : .array(items.compactMap { $0 })
    }
    switch self {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .integer(value)
    case .longInt: return "integer beyond 64 bits"
    case .float(let value): return .real(value)
    case .string(let text): return .string(text)
    case .bytes(let bytes): return .string("\(bytes.count) bytes")
    case .tuple(let value): return list(value.elements)
    case .list(let value): return list(value.elements)
    case .dict(let value): return value.json(budget: &budget, depth: depth)
    case .global(let value): return .string(value.fullName)
    case .object(let value): return value.attributes.json(budget: &budget, depth: depth)
    case .storage: return "storage"
    case .tensor(let value): return .string("tensor \(value.shape)")
    }
  }
}

extension PickleDict {
  fileprivate func json(budget: inout Int, depth: Int) -> JSON? {
    var members: [String: JSON] = [:]
    for (key, value) in pairs {
      budget -= (key.string?.utf8.count ?? 0) / 16
      guard let json = value.json(budget: &budget, depth: depth + 1) else { return nil }
      switch key {
      case .string(let text): members[text] = json
      case .int(let number): members[String(number)] = json
      default: members["other key \(members.count)"] = json
      }
    }
    return .object(members)
  }
}
