import Diagnostics
import FileAccess

/// Interprets a pickle as data.
///
/// It has a stack, a memo and a list of opcodes; an opcode or a name that is not listed ends it
/// with an error. It never imports, calls, evaluates or opens anything.
///
/// Corresponds to CPython's `pickletools` opcode table, protocols 2 to 5.
struct PickleMachine {
  private let bytes: [UInt8]
  private let place: String
  private var offset = 0
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var storages: [String: TorchStorage] = [:]
  private let containers = PickleContainers()
  private var steps = 0

  /// Limits far above any state dict's needs and far below what would hurt.
  enum Limits {
    static let size = 64 << 20
    /// A number is two steps, whatever else there is four.
    static let steps = 4_000_000
    static let tupleDepth = 64
    /// As many as PyTorch's own tensors may have.
    static let axes = 64
  }

  private init(bytes: [UInt8], place: String) {
    self.bytes = bytes
    self.place = place
  }

  /// The value of one pickle that fills its region; `place` names it in errors.
  ///
  /// - Throws: `TorchFailure`.
  static func read(_ region: ByteRegion, at place: String) throws -> PickleDocument {
    guard region.count <= Limits.size else {
      throw TorchFailure(
        .budget, at: place, expected: "at most \(Limits.size) bytes", found: "\(region.count)")
    }
    let (document, used) = try readFirst(region, at: place)
    guard used == region.count else {
      throw TorchFailure(
        .operand, at: "\(place) byte \(used)", expected: "one value at the end",
        found: "\(region.count - used) bytes left")
    }
    return document
  }

  /// The value of the pickle at the start of a region, and the bytes it takes.
  ///
  /// - Throws: `TorchFailure`.
  static func readFirst(
    _ region: ByteRegion, at place: String
  ) throws -> (document: PickleDocument, used: Int) {
    var machine = PickleMachine(bytes: region.copy(), place: place)
    return (try machine.run(), machine.offset)
  }

  private mutating func run() throws -> PickleDocument {
    while true {
      let start = offset
      let code = try takeByte()
      if code == Opcode.stop.rawValue { break }
      guard let opcode = Opcode(rawValue: code) else {
        throw TorchFailure(
          .opcode, at: "\(place) byte \(start)", expected: "an opcode of a state dict",
          found: "0x" + String(code, radix: 16))
      }
      try charge(opcode.isNumber ? 2 : 4)
      try execute(opcode)
    }
    guard stack.count == 1, marks.isEmpty, let value = stack.last else {
      throw operand("one value at the end", "\(stack.count)")
    }
    return PickleDocument(root: value, storages: storages, containers: containers)
  }

  /// Counts opcodes, and what they copy: a few bytes of pickle must not become many values.
  private mutating func charge(_ cost: Int) throws {
    steps += cost
    guard steps <= Limits.steps else {
      throw TorchFailure(
        .budget, at: here,
        expected: "at most \(Limits.steps / 2) numbers, or half as many other values",
        found: "more; saved without its history, a state dict has far fewer")
    }
  }

  /// The opcodes that a state dict, an optimizer state and plain arguments need.
  private enum Opcode: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case memoize = 0x94
    case stop = 0x2E
    case mark = 0x28
    case pop = 0x30
    case popMark = 0x31
    case emptyDict = 0x7D
    case emptyList = 0x5D
    case emptyTuple = 0x29
    case emptySet = 0x8F
    case frozenSet = 0x91
    case addItems = 0x90
    case binPut = 0x71
    case longBinPut = 0x72
    case binGet = 0x68
    case longBinGet = 0x6A
    case binUnicode = 0x58
    case shortBinUnicode = 0x8C
    case shortBinString = 0x55
    case shortBinBytes = 0x43
    case binBytes = 0x42
    case byteArray8 = 0x96
    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case newObject = 0x81
    case persistentID = 0x51
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case setItem = 0x73
    case setItems = 0x75
    case append = 0x61
    case appends = 0x65
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case long1 = 0x8A
    case binFloat = 0x47
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89

    /// Whether it makes a value that has no memory of its own, as training histories have many.
    var isNumber: Bool {
      switch self {
      case .binInt, .binInt1, .binInt2, .binFloat: true
      default: false
      }
    }
  }

  private mutating func execute(_ opcode: Opcode) throws {
    switch opcode {
    case .proto: try checkProtocol()
    case .frame: _ = try takeInteger(8)
    case .stop: break
    case .mark: marks.append(stack.count)
    case .pop: _ = try pop()
    case .popMark: _ = try popToMark()
    case .emptyDict: stack.append(.dict(newDict()))
    case .emptyList, .emptySet: stack.append(.list(newList()))
    case .frozenSet:
      let elements = try popToMark()
      stack.append(.list(newList(elements)))
    case .emptyTuple: stack.append(.tuple(PickleTuple([])))
    case .none: stack.append(.none)
    case .newTrue: stack.append(.bool(true))
    case .newFalse: stack.append(.bool(false))
    case .binPut: memo[try takeInteger(1)] = try top()
    case .longBinPut: memo[try takeInteger(4)] = try top()
    case .memoize: memo[memo.count] = try top()
    case .binGet: stack.append(try recall(try takeInteger(1)))
    case .longBinGet: stack.append(try recall(try takeInteger(4)))
    case .binUnicode: stack.append(.string(try takeText(try takeInteger(4))))
    case .shortBinUnicode: stack.append(.string(try takeText(try takeInteger(1))))
    case .shortBinString, .shortBinBytes: stack.append(.bytes(try take(try takeInteger(1))))
    case .binBytes: stack.append(.bytes(try take(try takeInteger(4))))
    case .byteArray8: stack.append(.bytes(try take(try takeInteger(8))))
    case .binInt: stack.append(.int(Int64(Int32(truncatingIfNeeded: try takeInteger(4)))))
    case .binInt1: stack.append(.int(Int64(try takeInteger(1))))
    case .binInt2: stack.append(.int(Int64(try takeInteger(2))))
    case .long1: stack.append(Self.long(try take(try takeInteger(1))))
    case .binFloat: stack.append(.float(try takeFloat()))
    case .tuple: try append(tuple: try popToMark())
    case .tuple1: try makeTuple(1)
    case .tuple2: try makeTuple(2)
    case .tuple3: try makeTuple(3)
    case .append:
      let element = try pop()
      try extendList([element])
    case .appends, .addItems:
      let elements = try popToMark()
      try extendList(elements)
    case .setItem:
      let (value, key) = (try pop(), try pop())
      try extendDict([key, value])
    case .setItems:
      let items = try popToMark()
      try extendDict(items)
    case .global: stack.append(try global(try takeLine(), try takeLine()))
    case .stackGlobal:
      let name = try pop().string ?? ""
      stack.append(try global(try pop().string ?? "", name))
    case .reduce, .newObject:
      let arguments = try pop()
      try charge(arguments.tuple?.elements.reduce(0) { $0 + $1.cost } ?? 0)
      try append(reduced: try PickleReduction.apply(try pop(), to: arguments, at: here))
    case .build:
      let state = try pop()
      try charge(state.cost)
      try PickleReduction.build(try top(), state, at: here)
    case .persistentID: stack.append(.storage(try storage(try pop())))
    }
  }

  // MARK: Values

  private func global(_ module: String, _ name: String) throws -> PickleValue {
    guard let known = PickleGlobal(module: module, name: name) else {
      throw TorchFailure(
        .global, at: here, expected: "a name of a state dict or of plain arguments",
        found: "\(module).\(name)")
    }
    return .global(known)
  }

  /// The storage of an identifier; PyTorch keeps the first of a key, so all must agree with it.
  private mutating func storage(_ identifier: PickleValue) throws -> TorchStorage {
    let storage = try PickleReduction.storage(identifier, at: here)
    let first = storages[storage.key] ?? storage
    guard first.typeName == storage.typeName, first.count == storage.count else {
      throw operand(
        "\(first.count) of \(first.typeName) in storage \(storage.key) as before",
        "\(storage.count) of \(storage.typeName)")
    }
    storages[storage.key] = first
    return storage
  }

  private static func long(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .longInt(bytes) }
    let fill: UInt8 = (bytes.last ?? 0) & 0x80 != 0 ? 0xFF : 0
    let padded = bytes + [UInt8](repeating: fill, count: 8 - bytes.count)
    return .int(Int64(bitPattern: padded.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
  }

  private mutating func makeTuple(_ count: Int) throws {
    let elements = try (0..<count).map { _ in try pop() }
    try append(tuple: elements.reversed())
  }

  private mutating func append(tuple elements: [PickleValue]) throws {
    let tuple = PickleTuple(elements)
    guard tuple.depth <= Limits.tupleDepth else {
      throw TorchFailure(
        .budget, at: here, expected: "tuples nested at most \(Limits.tupleDepth) deep",
        found: "\(tuple.depth)")
    }
    stack.append(.tuple(tuple))
  }

  private mutating func append(reduced value: PickleValue) throws {
    switch value {
    case .dict(let dict): containers.add(dict)
    case .object(let object): containers.add(object.attributes)
    default: break
    }
    stack.append(value)
  }

  private func newList(_ elements: [PickleValue] = []) -> PickleList {
    let list = PickleList()
    list.elements = elements
    containers.add(list)
    return list
  }

  private func newDict() -> PickleDict {
    let dict = PickleDict()
    containers.add(dict)
    return dict
  }

  private func extendList(_ elements: [PickleValue]) throws {
    guard case .list(let list) = try top() else { throw operand("a list", "another value") }
    list.elements += elements
  }

  private func extendDict(_ items: [PickleValue]) throws {
    guard case .dict(let dict) = try top(), items.count.isMultiple(of: 2) else {
      throw operand("a dictionary and pairs", "another value")
    }
    for index in stride(from: 0, to: items.count, by: 2) {
      dict.pairs.append((items[index], items[index + 1]))
    }
  }

  private func recall(_ key: Int) throws -> PickleValue {
    guard let value = memo[key] else { throw operand("a memo entry \(key)", "none") }
    return value
  }

  private mutating func checkProtocol() throws {
    let version = try takeByte()
    guard (2...5).contains(version) else { throw operand("protocol 2 to 5", "\(version)") }
  }

  // MARK: Stack

  private func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw operand("a value on the stack", "none")
    }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw operand("a mark", "none") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  // MARK: Bytes

  private var here: String { "\(place) byte \(offset)" }

  private func operand(_ expected: String, _ found: String) -> TorchFailure {
    TorchFailure(.operand, at: here, expected: expected, found: found)
  }

  private mutating func take(_ count: Int) throws -> [UInt8] {
    guard (0...bytes.count - offset).contains(count) else {
      throw TorchFailure(
        .truncated, at: here, expected: "\(count) more bytes", found: "\(bytes.count - offset)")
    }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  private mutating func takeByte() throws -> UInt8 { try take(1)[0] }

  private mutating func takeInteger(_ width: Int) throws -> Int {
    Int(truncatingIfNeeded: try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) })
  }

  private mutating func takeFloat() throws -> Double {
    Double(bitPattern: try take(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  private mutating func takeText(_ count: Int) throws -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw operand("UTF-8 text", "other bytes")
    }
    return text
  }

  private mutating func takeLine() throws -> String {
    guard let end = bytes[offset...].firstIndex(of: 0x0A) else {
      throw TorchFailure(.truncated, at: here, expected: "a line", found: "the end")
    }
    defer { offset = end + 1 }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }
}
