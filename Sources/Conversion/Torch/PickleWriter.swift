import SpikeTensors

/// Writes pickles of protocol 2 out of the values that a checkpoint needs; PyTorch's safe mode
/// reads all of them.
///
/// Corresponds to CPython's `pickletools` opcode table and to `torch/_utils.py`.
struct PickleWriter {
  /// The finished pickle after `finish`.
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// A contiguous tensor over the whole of a storage.
  struct StoredTensor {
    let storageName: String
    let key: String
    let shape: [Int]
    let count: Int
  }

  /// Ends the pickle with the value that was written last.
  mutating func finish() { add(".") }

  /// A dictionary; `ordered` as an `OrderedDict`, whose type PyTorch's own state dicts have.
  mutating func dictionary(ordered: Bool = false, _ items: (inout PickleWriter) -> Void) {
    if ordered {
      global("collections", "OrderedDict")
      add(")R")
    } else {
      add("}")
    }
    add("(")
    items(&self)
    add("u")
  }

  /// Text.
  mutating func text(_ text: String) {
    add("X")
    little(text.utf8.count, 4)
    bytes += Array(text.utf8)
  }

  /// `_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`.
  mutating func tensor(_ tensor: StoredTensor) {
    global("torch._utils", "_rebuild_tensor_v2")
    add("(")
    storage(tensor)
    integer(0)
    tuple(tensor.shape)
    tuple(strides(tensor.shape))
    bytes.append(0x89)
    global("collections", "OrderedDict")
    add(")RtR")
  }

  /// The persistent identifier `('storage', type, key, 'cpu', count)`.
  private mutating func storage(_ tensor: StoredTensor) {
    add("(")
    text("storage")
    global("torch", tensor.storageName)
    text(tensor.key)
    text("cpu")
    integer(tensor.count)
    add("tQ")
  }

  private func strides(_ shape: [Int]) -> [Int] {
    shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }

  private mutating func tuple(_ values: [Int]) {
    add("(")
    for value in values { integer(value) }
    add("t")
  }

  private mutating func integer(_ value: Int) {
    if Int32(exactly: value) != nil {
      add("J")
      little(value, 4)
    } else {
      bytes += [0x8A, 8]
      little(value, 8)
    }
  }

  private mutating func global(_ module: String, _ name: String) { add("c\(module)\n\(name)\n") }

  private mutating func add(_ opcodes: String) { bytes += Array(opcodes.utf8) }

  private mutating func little(_ value: Int, _ width: Int) {
    bytes += (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
