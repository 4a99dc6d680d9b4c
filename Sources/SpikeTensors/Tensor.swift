public import Diagnostics
public import FileAccess

/// The ways in which a tensor can be unusable.
public enum TensorFailureCode: String, FailureCode {
  /// The number of bytes is not the product of shape and element size.
  case size = "tensor-size"
  /// The product of shape and element size does not fit an integer.
  case overflow = "tensor-too-large"
  /// The elements have a type that this use cannot take.
  case elementType = "tensor-element-type"

  /// All of them are faults of the data.
  public var kind: FailureKind { .badData }
}

/// An unusable tensor.
public typealias TensorFailure = Failure<TensorFailureCode>

/// A dense row-major tensor over immutable bytes, in memory or in a mapped file.
public struct Tensor: Sendable {
  /// The type of the elements.
  public let elementType: ElementType
  /// The extent of each axis, slowest first; empty for a single number.
  public let shape: [Int]
  /// The elements, little-endian and without gaps.
  public let bytes: ByteRegion

  /// A tensor over some bytes; `name` is the place named in errors.
  ///
  /// - Throws: `TensorFailure`.
  public init(_ elementType: ElementType, _ shape: [Int], _ bytes: ByteRegion, name: String) throws
  {
    let needed = try Tensor.byteCount(elementType, shape, name: name)
    guard bytes.count == needed else {
      throw TensorFailure(
        .size, at: name, expected: "\(needed) bytes for \(elementType) \(shape)",
        found: "\(bytes.count)")
    }
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// The bytes that a tensor of this type and shape takes, computed with overflow checks.
  ///
  /// - Throws: `TensorFailure`.
  public static func byteCount(_ type: ElementType, _ shape: [Int], name: String) throws -> Int {
    var total = type.byteCount
    for extent in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else {
        throw TensorFailure(
          .overflow, at: name, expected: "a size that fits 63 bits", found: "\(type) \(shape)")
      }
      total = product
    }
    return total
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
}

extension Tensor {
  /// The same elements under another shape, which must have as many.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "a shape of as many elements")
    return Tensor(elementType, shape, trusted: bytes)
  }

  /// Equal parts along axis 0, without a copy; a number is each part's.
  ///
  /// The extent of axis 0 must be a multiple of `count`.
  public func parts(_ count: Int) -> [Tensor] {
    guard let rows = shape.first else { return Array(repeating: self, count: count) }
    precondition(rows.isMultiple(of: count), "equal parts")
    let size = bytes.count / count
    return (0..<count).map { index in
      Tensor(
        elementType, [rows / count] + shape.dropFirst(),
        trusted: bytes.part(index * size..<(index + 1) * size))
    }
  }

  /// Tensors of one type one after the other along axis 0, copied; of equal numbers, the number.
  public static func joined(_ parts: [Tensor]) -> Tensor {
    guard let first = parts.first, parts.count > 1, !first.shape.isEmpty else { return parts[0] }
    let rows = parts.reduce(0) { $0 + $1.shape[0] }
    return Tensor(
      first.elementType, [rows] + first.shape.dropFirst(),
      trusted: ByteRegion(parts.flatMap { $0.bytes.copy() }))
  }

  /// A tensor whose shape is known to have the size of its bytes.
  private init(_ elementType: ElementType, _ shape: [Int], trusted bytes: ByteRegion) {
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// A float32 tensor from values in row-major order.
  public init(_ shape: [Int], _ values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "shape and values disagree")
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4 * values.count) { bytes, count in
      for (index, value) in values.enumerated() {
        // SAFETY: four bytes for each value.
        unsafe UnsafeMutableRawBufferPointer(bytes).storeBytes(
          of: value.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      }
      count = 4 * values.count
    }
    elementType = .f32
    self.shape = shape
    self.bytes = ByteRegion(bytes)
  }

  /// An unsigned byte tensor from values in row-major order.
  public init(_ shape: [Int], _ values: [UInt8]) {
    precondition(shape.reduce(1, *) == values.count, "shape and values disagree")
    elementType = .u8
    self.shape = shape
    bytes = ByteRegion(values)
  }

  /// A signed 64-bit tensor from values in row-major order.
  public init(_ shape: [Int], _ values: [Int64]) {
    precondition(shape.reduce(1, *) == values.count, "shape and values disagree")
    elementType = .i64
    self.shape = shape
    bytes = ByteRegion(
      values.flatMap { unsafe withUnsafeBytes(of: $0.littleEndian) { unsafe Array($0) } })
  }

  /// An unsigned 64-bit tensor from values in row-major order.
  public init(_ shape: [Int], _ values: [UInt64]) {
    precondition(shape.reduce(1, *) == values.count, "shape and values disagree")
    elementType = .u64
    self.shape = shape
    bytes = ByteRegion(
      values.flatMap { unsafe withUnsafeBytes(of: $0.littleEndian) { unsafe Array($0) } })
  }
}

extension Tensor {
  /// The elements as float32: float16 and bfloat16 widen exactly, integers up to 2^24 too.
  ///
  /// - Throws: `TensorFailure` for float64, whose elements a float32 cannot hold.
  public func floats(name: String) throws -> [Float] {
    switch elementType {
    case .f32: return elements { Float(bitPattern: UInt32(littleEndian: $0)) }
    case .f16: return elements { Float(Float16(bitPattern: UInt16(littleEndian: $0))) }
    case .bf16: return elements { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
    case .u8: return elements { (byte: UInt8) in Float(byte) }
    case .i8: return elements { (byte: Int8) in Float(byte) }
    case .i16: return elements { Float(Int16(littleEndian: $0)) }
    case .f64, .i64, .i32, .u64, .bool:
      throw TensorFailure(
        .elementType, at: name, expected: "f32, f16, bf16 or small integers",
        found: elementType.rawValue)
    }
  }

  /// The elements as the nearest float32.
  ///
  /// Corresponds to NumPy's `astype(float32)`.
  ///
  /// - Throws: `TensorFailure` for elements that are no numbers.
  public func nearestFloats(name: String) throws -> [Float] {
    switch elementType {
    case .f64: elements { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
    case .i64: elements { Float(Int64(littleEndian: $0)) }
    case .u64: elements { Float(UInt64(littleEndian: $0)) }
    case .i32: elements { Float(Int32(littleEndian: $0)) }
    default: try floats(name: name)
    }
  }

  /// The elements as float64: exact for every type but integers beyond 2^53.
  ///
  /// - Throws: `TensorFailure` for booleans.
  public func doubles(name: String) throws -> [Double] {
    switch elementType {
    case .f64: elements { Double(bitPattern: UInt64(littleEndian: $0)) }
    case .f32, .f16, .bf16: try floats(name: name).map(Double.init)
    case .i64, .u64, .i32, .i16, .i8, .u8, .bool: try integers(name: name).map(Double.init)
    }
  }

  /// The elements as integers.
  ///
  /// - Throws: `TensorFailure` if they are not integers of up to 64 bits.
  public func integers(name: String) throws -> [Int] {
    switch elementType {
    case .i64: return elements { Int(Int64(littleEndian: $0)) }
    case .u64: return elements { Int(clamping: UInt64(littleEndian: $0)) }
    case .i32: return elements { Int(Int32(littleEndian: $0)) }
    case .i16: return elements { Int(Int16(littleEndian: $0)) }
    case .i8: return elements { (value: Int8) in Int(value) }
    case .u8: return elements { (value: UInt8) in Int(value) }
    case .f32, .f64, .f16, .bf16, .bool:
      throw TensorFailure(
        .elementType, at: name, expected: "integers", found: elementType.rawValue)
    }
  }

  /// Reads every element as a raw integer of its width and converts it.
  private func elements<Raw: FixedWidthInteger & BitwiseCopyable, Value>(
    _ convert: (Raw) -> Value
  ) -> [Value] {
    bytes.withBytes { span in
      let size = MemoryLayout<Raw>.size
      return (0..<count).map { index in
        // SAFETY: `bytes` holds exactly `count` elements of this size (checked in `init`), and any
        // bit pattern is an integer.
        convert(unsafe span.unsafeLoadUnaligned(fromByteOffset: index * size, as: Raw.self))
      }
    }
  }
}
