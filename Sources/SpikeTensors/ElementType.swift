/// The type of a tensor's elements, all little-endian.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary64.
  case f64
  /// IEEE 754 binary16.
  case f16
  /// The upper half of a binary32.
  case bf16
  /// Signed 64-bit integer.
  case i64
  /// Signed 32-bit integer.
  case i32
  /// Signed 16-bit integer.
  case i16
  /// Signed 8-bit integer.
  case i8
  /// Unsigned 8-bit integer.
  case u8
  /// Unsigned 64-bit integer.
  case u64
  /// One byte, 0 or 1.
  case bool

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32: 4
    case .f16, .bf16, .i16: 2
    case .i8, .u8, .bool: 1
    }
  }

  /// Whether elements are floating-point numbers.
  public var isFloatingPoint: Bool { [.f32, .f64, .f16, .bf16].contains(self) }
}
