import CZooIndex

/// The entries that were compiled in.
enum CompiledIndex {
  static var bytes: [UInt8] {
    // SAFETY: a constant of the program with this address and size.
    unsafe Array(UnsafeBufferPointer(start: qkz_zoo_index_bytes(), count: qkz_zoo_index_size()))
  }
}
