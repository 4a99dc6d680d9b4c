public import FileAccess

extension ByteRegion {
  /// An unsigned integer at an offset that the caller has checked.
  public func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type
  ) -> Value {
    precondition(offset >= 0 && offset <= count - MemoryLayout<Value>.size, "offset in the region")
    return withBytes { bytes in
      // SAFETY: inside the region (checked above); every bit pattern is an integer.
      Value(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }
  }

  /// The bytes of a range that the caller has checked, as UTF-8; `nil` for other bytes.
  public func text(_ range: Range<Int>) -> String? {
    String(validating: part(range).copy(), as: UTF8.self)
  }
}
