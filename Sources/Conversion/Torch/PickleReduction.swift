import Diagnostics
import SpikeTensors

/// What the allowed names mean when a pickle applies them: each builds one inert value.
enum PickleReduction {
  /// The value of `callable(*arguments)` for an allowed name.
  ///
  /// - Throws: `TorchFailure`.
  static func apply(
    _ callable: PickleValue, to arguments: PickleValue, at place: String
  ) throws -> PickleValue {
    guard case .global(let global) = callable, let arguments = arguments.tuple?.elements else {
      throw failure(place, "an allowed name applied to a tuple", "another value")
    }
    switch global {
    case .orderedDict, .plainDict: return .dict(try dict(arguments, place))
    case .set, .size: return arguments.first ?? .tuple(PickleTuple([]))
    case .rebuildTensor:
      return .tensor(try tensor(arguments, type: nil, metadataAt: 6, place))
    case .rebuildTensorWithType: return .tensor(try typedTensor(arguments, place))
    case .rebuildParameter: return try parameter(arguments, count: 3, place)
    case .rebuildParameterWithState: return try parameter(arguments, count: 4, place)
    case .rebuildFromType: return try rebuilt(arguments, place)
    case .namespace: return .object(PickleObject(typeName: "argparse.Namespace"))
    case .device: return .string("device " + arguments.map(text).joined(separator: ":"))
    case .path: return .string(arguments.map(text).joined(separator: "/"))
    case .numpyType: return .object(numpyType(arguments))
    case .numpyScalar: return try numpyScalar(arguments, place)
    case .encode: return try encoded(arguments, place)
    case .byteArray: return try byteArray(arguments, place)
    case .storageType, .tensorType, .elementType:
      throw failure(place, "a name that can be applied", global.fullName)
    }
  }

  /// Sets the state of a value that was just built.
  ///
  /// - Throws: `TorchFailure`.
  static func build(_ value: PickleValue, _ state: PickleValue, at place: String) throws {
    switch (value, state) {
    case (.object(let object), .tuple(let fields)) where object.typeName == Self.numpyTypeName:
      // Name and state and no more: they are looked for at each number.
      object.attributes.pairs =
        object.attributes.pairs.prefix(1) + [
          (.string("state"), .tuple(fields))
        ]
    case (.object(let object), .dict(let attributes)) where object.typeName != Self.numpyTypeName:
      object.attributes.pairs += attributes.pairs
    case (.dict, .dict):
      // An ordered state dict carries its `_metadata` (module versions) this way: of no use here.
      break
    default:
      throw failure(place, "attributes of an allowed object", "another value")
    }
  }

  /// The storage that a persistent identifier names: `('storage', type, key, location, count)`;
  /// before PyTorch 1.6 a sixth field tells of a view, and nobody writes views any more.
  ///
  /// - Throws: `TorchFailure`.
  static func storage(_ identifier: PickleValue, at place: String) throws -> TorchStorage {
    guard let fields = identifier.tuple?.elements, fields.count == 5 || hasNoView(fields),
      fields[0].string == "storage", case .global(.storageType(let name, let type)) = fields[1],
      let key = fields[2].string, let count = fields[4].int, count >= 0
    else { throw failure(place, "a storage with type, key and count", "another identifier") }
    return TorchStorage(key: key, elementType: type, typeName: name, count: count)
  }

  private static func hasNoView(_ fields: [PickleValue]) -> Bool {
    guard fields.count == 6, case .none = fields[5] else { return false }
    return true
  }

  private static func dict(_ arguments: [PickleValue], _ place: String) throws -> PickleDict {
    let dict = PickleDict()
    switch arguments.last {
    case nil, .global: break
    case .dict(let other): dict.pairs = other.pairs
    case .list(let list):
      for pair in list.elements.compactMap({ $0.tuple?.elements }) where pair.count == 2 {
        dict.pairs.append((pair[0], pair[1]))
      }
    default: throw failure(place, "pairs for a dictionary", "another value")
    }
    return dict
  }

  /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])`.
  private static func tensor(
    _ arguments: [PickleValue], type: ElementType?, metadataAt last: Int, _ place: String
  ) throws -> TorchTensor {
    guard arguments.count == last || arguments.count == last + 1,
      case .storage(let storage) = arguments[0],
      let offset = arguments[1].int, offset >= 0,
      let shape = integers(arguments[2]), let strides = integers(arguments[3]),
      shape.count == strides.count
    else { throw failure(place, "a storage, offset, size and stride", "other arguments") }
    guard shape.count <= PickleMachine.Limits.axes else {
      throw TorchFailure(
        .budget, at: place, expected: "a tensor of at most \(PickleMachine.Limits.axes) axes",
        found: "\(shape.count)")
    }
    let typed = TorchStorage(
      key: storage.key, elementType: storage.elementType ?? type,
      typeName: storage.typeName, count: storage.count)
    return TorchTensor(
      storage: typed, offset: offset, shape: shape, strides: strides,
      metadata: TorchMetadata(arguments.count > last ? arguments[last] : nil))
  }

  /// `_rebuild_tensor_v3`: as v2, with an untyped storage counted in bytes, and a type before the
  /// metadata. Of a type that no weight can have nothing but its name is kept.
  private static func typedTensor(_ arguments: [PickleValue], _ place: String) throws -> TorchTensor
  {
    guard arguments.count >= 7, case .global(.elementType(let name)) = arguments[6] else {
      throw failure(place, "an element type", "other arguments")
    }
    let type = PickleGlobal.elementType(named: name)
    let tensor = try tensor(arguments, type: type, metadataAt: 7, place)
    let storage = TorchStorage(
      key: tensor.storage.key, elementType: type, typeName: name,
      count: tensor.storage.count / (type?.byteCount ?? 1))
    return TorchTensor(
      storage: storage, offset: tensor.offset, shape: tensor.shape, strides: tensor.strides,
      metadata: tensor.metadata)
  }

  /// `_rebuild_parameter(tensor, requires_grad, hooks)`, and with state a fourth argument.
  private static func parameter(
    _ arguments: [PickleValue], count: Int, _ place: String
  ) throws -> PickleValue {
    guard arguments.count == count, let tensor = arguments[0].tensor else {
      throw failure(place, "a tensor for a parameter, and \(count - 1) more", "other arguments")
    }
    if count == 4 { try checkState(arguments[3], place) }
    return .tensor(tensor)
  }

  /// Attributes whose setters replace a tensor's elements. PyTorch writes none of them.
  private static let elementAttributes: Set<String> = ["data", "real", "imag"]

  /// Python attributes of a tensor change nothing of its elements, but for those of PyTorch's own that
  /// are its elements: `_set_obj_state` would set them.
  private static func checkState(_ state: PickleValue, _ place: String) throws {
    let parts = state.tuple?.elements ?? [state]
    for attributes in parts.compactMap(\.dict) {
      for case .string(let name) in attributes.pairs.map(\.key)
      where elementAttributes.contains(name) {
        throw TorchFailure(
          .metadata, at: place, expected: "attributes that are not the elements", found: name)
      }
    }
  }

  /// `_rebuild_from_type_v2(function, type, arguments, state)`.
  private static func rebuilt(_ arguments: [PickleValue], _ place: String) throws -> PickleValue {
    guard arguments.count == 4, case .global(let function) = arguments[0],
      case .global(.tensorType) = arguments[1]
    else { throw failure(place, "a tensor to rebuild", "other arguments") }
    switch function {
    case .rebuildTensor, .rebuildTensorWithType, .rebuildParameter, .rebuildParameterWithState:
      try checkState(arguments[3], place)
      return try apply(arguments[0], to: arguments[2], at: place)
    default: throw failure(place, "a tensor to rebuild", function.fullName)
    }
  }

  private static let numpyTypeName = "numpy.dtype"

  private static func numpyType(_ arguments: [PickleValue]) -> PickleObject {
    let object = PickleObject(typeName: numpyTypeName)
    object.attributes.pairs.append((.string("name"), arguments.first ?? .none))
    return object
  }

  /// `scalar(dtype, bytes)`: a number.
  private static func numpyScalar(
    _ arguments: [PickleValue], _ place: String
  ) throws -> PickleValue {
    guard arguments.count == 2, case .object(let type) = arguments[0],
      case .bytes(let bytes) = arguments[1], let name = type.attributes["name"]?.string
    else { throw failure(place, "a NumPy type and its bytes", "other arguments") }
    // The state that BUILD gave the type: version, byte order, and more.
    guard type.attributes["state"]?.tuple?.elements.dropFirst().first?.string != ">" else {
      throw failure(place, "a little-endian NumPy number", "a big-endian one")
    }
    let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    switch (name, bytes.count) {
    case ("f8", 8): return .float(Double(bitPattern: bits))
    case ("f4", 4): return .float(Double(Float(bitPattern: UInt32(bits))))
    case ("i8", 8): return .int(Int64(bitPattern: bits))
    case ("i4", 4): return .int(Int64(Int32(truncatingIfNeeded: bits)))
    case ("i2", 2): return .int(Int64(Int16(truncatingIfNeeded: bits)))
    case ("i1", 1): return .int(Int64(Int8(truncatingIfNeeded: bits)))
    case ("u8", 8): return Int64(exactly: bits).map(PickleValue.int) ?? .longInt(bytes + [0])
    case ("u4", 4), ("u2", 2), ("u1", 1): return .int(Int64(bits))
    case ("b1", 1): return .bool(bits != 0)
    default: throw failure(place, "a NumPy number", "type \(name), \(bytes.count) bytes")
    }
  }

  /// `_codecs.encode(text, 'latin1')`: how protocol 2 spells bytes.
  private static func encoded(_ arguments: [PickleValue], _ place: String) throws -> PickleValue {
    guard arguments.count == 2, let text = arguments[0].string,
      ["latin1", "latin-1"].contains(arguments[1].string),
      text.unicodeScalars.allSatisfy({ $0.value < 256 })
    else { throw failure(place, "latin1 text", "other arguments") }
    return .bytes(text.unicodeScalars.map { UInt8($0.value) })
  }

  /// `bytearray()`, of some bytes, or of latin1 text: how protocol 2 spells it.
  private static func byteArray(
    _ arguments: [PickleValue], _ place: String
  ) throws -> PickleValue {
    switch (arguments.count, arguments.first) {
    case (0, _): return .bytes([])
    case (1, .bytes(let bytes)): return .bytes(bytes)
    default: return try encoded(arguments, place)
    }
  }

  private static func integers(_ value: PickleValue) -> [Int]? {
    guard let elements = value.tuple?.elements else { return nil }
    let integers = elements.compactMap(\.int)
    return integers.count == elements.count && integers.allSatisfy { $0 >= 0 } ? integers : nil
  }

  private static func text(_ value: PickleValue) -> String {
    value.string ?? value.int.map(String.init) ?? "?"
  }

  private static func failure(
    _ place: String, _ expected: String, _ found: String
  ) -> TorchFailure {
    TorchFailure(.operand, at: place, expected: expected, found: found)
  }
}
