import CChunkCodec

/// HDF5's filter 2: all first bytes of the elements of a chunk, all second bytes, and so on.
enum Planes {
  /// Splits elements into the planes of a chunk; what the elements do not fill becomes zero.
  static func split(_ elements: RawSpan, width: Int, into planes: UnsafeMutableRawBufferPointer) {
    let plane = planes.count / width
    if elements.byteCount < planes.count {
      unsafe planes.initializeMemory(as: UInt8.self, repeating: 0)
    }
    // SAFETY: whole elements, at most as many as a plane has bytes.
    unsafe elements.withUnsafeBytes { source in
      unsafe qkz_split_planes(
        source.baseAddress, source.count / width, width, planes.baseAddress, plane)
    }
  }

  /// Puts elements together from the start of every plane.
  static func join(
    _ planes: UnsafeRawBufferPointer, width: Int, into elements: UnsafeMutableRawBufferPointer
  ) {
    // SAFETY: whole elements, at most as many as a plane has bytes.
    unsafe qkz_join_planes(
      planes.baseAddress, planes.count / width, elements.count / width, width,
      elements.baseAddress)
  }
}
