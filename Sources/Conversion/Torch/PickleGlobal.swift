import SpikeTensors

/// The complete list of names that a checkpoint may import, and what each means here.
///
/// The names are matched as text; no module is ever loaded and nothing is ever called.
enum PickleGlobal {
  case orderedDict
  case plainDict
  case set
  case rebuildTensor
  case rebuildTensorWithType
  case rebuildParameter
  case rebuildParameterWithState
  case rebuildFromType
  case storageType(name: String, ElementType?)
  case tensorType
  case elementType(name: String)
  case size
  case device
  case namespace
  case path
  case numpyScalar
  case numpyType
  case encode
  case byteArray

  /// What a name means, or nothing if it is not on the list.
  init?(module: String, name: String) {
    if module == "torch", let type = Self.storages.first(where: { $0.0 == name }) {
      self = .storageType(name: type.0, type.1)
    } else if module == "torch", Self.elementTypes.contains(name) {
      self = .elementType(name: name)
    } else if let known = Self.names["\(module) \(name)"] {
      self = known
    } else {
      return nil
    }
  }

  private static let names: [String: PickleGlobal] = [
    "collections OrderedDict": .orderedDict,
    "collections defaultdict": .plainDict, "collections Counter": .plainDict,
    "builtins dict": .plainDict, "__builtin__ dict": .plainDict,
    "builtins set": .set, "__builtin__ set": .set,
    "builtins frozenset": .set, "__builtin__ frozenset": .set,
    "torch._utils _rebuild_tensor_v2": .rebuildTensor,
    "torch._utils _rebuild_tensor_v3": .rebuildTensorWithType,
    "torch._utils _rebuild_parameter": .rebuildParameter,
    "torch._utils _rebuild_parameter_with_state": .rebuildParameterWithState,
    "torch._tensor _rebuild_from_type_v2": .rebuildFromType,
    "torch.storage UntypedStorage": .storageType(name: "UntypedStorage", nil),
    "torch Tensor": .tensorType, "torch.nn.parameter Parameter": .tensorType,
    "torch Size": .size, "torch device": .device,
    "argparse Namespace": .namespace,
    "pathlib PosixPath": .path, "pathlib WindowsPath": .path, "pathlib PurePosixPath": .path,
    "numpy.core.multiarray scalar": .numpyScalar, "numpy._core.multiarray scalar": .numpyScalar,
    "numpy dtype": .numpyType, "_codecs encode": .encode,
    "builtins bytearray": .byteArray, "__builtin__ bytearray": .byteArray,
  ]

  private static let storages: [(String, ElementType?)] = [
    ("FloatStorage", .f32), ("DoubleStorage", .f64), ("HalfStorage", .f16),
    ("BFloat16Storage", .bf16), ("LongStorage", .i64), ("IntStorage", .i32),
    ("ShortStorage", .i16), ("CharStorage", .i8), ("ByteStorage", .u8), ("BoolStorage", .bool),
    ("ComplexFloatStorage", nil), ("ComplexDoubleStorage", nil),
  ]

  private static let elementTypes: Set<String> = [
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8",
    "bool", "complex64", "complex128", "uint16", "uint32", "uint64", "float8_e4m3fn",
    "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
  ]

  /// The storage type of an element type that PyTorch of every version has.
  static func storageName(of type: ElementType) -> String {
    guard let name = storages.first(where: { $0.1 == type })?.0 else {
      preconditionFailure("no parameter has elements of \(type)")
    }
    return name
  }

  /// The element type of a storage without one, by the name of the type beside it.
  static func elementType(named name: String) -> ElementType? {
    let table: [String: ElementType] = [
      "float32": .f32, "float64": .f64, "float16": .f16, "bfloat16": .bf16, "int64": .i64,
      "int32": .i32, "int16": .i16, "int8": .i8, "uint8": .u8, "bool": .bool,
    ]
    return table[name]
  }

  /// A name for messages and for inert JSON.
  var fullName: String {
    switch self {
    case .storageType(let name, _), .elementType(let name): "torch.\(name)"
    default: "\(self)"
    }
  }
}
