import CanonicalJSON
import Diagnostics
import FileAccess
import SpikeTensors
import TensorFiles

/// A checkpoint that `torch.save` wrote, read as data.
struct TorchCheckpoint {
  private let document: PickleDocument
  private let storages: any TorchStorages
  /// What errors call the file.
  let place: String
  private let copyLimit: Int

  /// Opens a file; nothing in it is executed.
  ///
  /// - Throws: `TorchFailure`, `TensorFileFailure`.
  init(_ file: ByteRegion, at place: String) throws {
    self.place = place
    copyLimit = 2 * file.count
    let start = file.part(0..<min(file.count, TorchStream.longestHead)).copy()
    if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      let archive = try TorchArchive(file, at: place)
      document = try archive.document()
      storages = archive
    } else if let head = TorchStream.head(of: start) {
      let stream = try TorchStream(file, head: head, at: place)
      document = stream.document
      storages = stream
    } else {
      throw TorchFailure(
        .foreign, at: place,
        expected: "a checkpoint: HDF5, safetensors, or a file by torch.save", found: "other bytes")
    }
  }

  /// The unpickled value.
  var root: PickleValue { document.root }

  /// The elements of tensors: the file's own bytes where they are contiguous, else gathered.
  ///
  /// - Throws: `TorchFailure`, `TensorFileFailure`, `TensorFailure`.
  func tensors(
    _ named: [(name: String, tensor: TorchTensor)]
  ) throws -> [(name: String, tensor: Tensor)] {
    let checked = try storages.bytes(of: named.map(\.tensor.storage.key))
    return try named.map { ($0.name, try tensor($0.tensor, name: $0.name, in: checked)) }
  }

  private func tensor(
    _ tensor: TorchTensor, name: String, in checked: [String: ByteRegion]
  ) throws -> Tensor {
    let place = "\(place) \(name)"
    let (storage, type) = try storage(tensor.storage, checked, place)
    let needed = try Tensor.byteCount(type, tensor.shape, name: place)
    let count = needed / type.byteCount
    try checkBounds(tensor, count: count, place)
    let start = tensor.offset * type.byteCount
    let isNegated = try isNegated(tensor, type, place)
    if count == 0 || Self.isStored(tensor) {
      return try Tensor(type, tensor.shape, storage.part(start..<start + needed), name: place)
    }
    var gathered = Self.gather(tensor, storage, width: type.byteCount, count: count)
    if isNegated { Self.negate(&gathered, width: type.byteCount) }
    return try Tensor(type, tensor.shape, ByteRegion(gathered), name: place)
  }

  /// Requires that the tensors which must be copied take at most twice the file's bytes together: a
  /// pickle can name any number of views of one storage.
  ///
  /// - Throws: `TorchFailure`, `TensorFailure`.
  func checkCopies(of tensors: [(name: String, tensor: TorchTensor)]) throws {
    var total = 0
    for (name, tensor) in tensors {
      let place = "\(place) \(name)"
      let type = tensor.storage.elementType ?? .u8
      let size = try Tensor.byteCount(type, tensor.shape, name: place)
      // A view that repeats elements is refused when it is read.
      let repeats = size / type.byteCount > tensor.storage.count
      if size == 0 || repeats || Self.isStored(tensor) { continue }
      guard size <= copyLimit - total else {
        throw TorchFailure(
          .budget, at: place, expected: "at most \(copyLimit) bytes in views that must be copied",
          found: "\(size) more after \(total)")
      }
      total += size
    }
  }

  /// The bytes that the file has for a storage, whatever the pickle says.
  func byteCount(of storage: TorchStorage) -> Int { storages.byteCount(of: storage.key) }

  private func storage(
    _ storage: TorchStorage, _ checked: [String: ByteRegion], _ place: String
  ) throws -> (ByteRegion, ElementType) {
    guard let type = storage.elementType else {
      throw TorchFailure(
        .elementType, at: place, expected: "real numbers or integers", found: storage.typeName)
    }
    guard let bytes = checked[storage.key] else {
      throw TorchFailure(
        .storage, at: place, expected: "a storage \(storage.key)", found: "none")
    }
    let (size, overflow) = storage.count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, bytes.count == size else {
      throw TorchFailure(
        .storageBounds, at: "\(place) storage \(storage.key)",
        expected: "\(bytes.count) bytes as the file has",
        found: "\(storage.count) elements of \(type)")
    }
    return (bytes, type)
  }

  /// The last element must lie in the storage, and a view must not repeat elements.
  private func checkBounds(_ tensor: TorchTensor, count: Int, _ place: String) throws {
    var last = tensor.offset
    for (extent, stride) in zip(tensor.shape, tensor.strides) where count > 0 {
      let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, carry) = last.addingReportingOverflow(reach)
      last = overflow || carry ? Int.max : sum
    }
    let limit = tensor.storage.count
    guard tensor.offset <= limit, count == 0 || last < limit, count <= limit else {
      throw TorchFailure(
        .storageBounds, at: place, expected: "a view inside the \(limit) elements of its storage",
        found: "shape \(tensor.shape), strides \(tensor.strides), offset \(tensor.offset)")
    }
  }

  /// Whether the elements are the negatives of those stored; an integer has none that always fits.
  private func isNegated(
    _ tensor: TorchTensor, _ type: ElementType, _ place: String
  ) throws -> Bool {
    switch tensor.metadata {
    case .none: return false
    case .negated where type.isFloatingPoint: return true
    case .negated:
      throw TorchFailure(
        .metadata, at: place, expected: "a negative view of real numbers", found: "one of \(type)")
    case .unknown(let words):
      throw TorchFailure(
        .metadata, at: place, expected: "metadata `neg: true`, or none", found: words)
    }
  }

  /// Flips every sign, that of zero and NaN too, as `torch.Tensor.resolve_neg` does; it alone gives some
  /// NaN of bfloat16 another sign, by their place in the tensor.
  private static func negate(_ bytes: inout [UInt8], width: Int) {
    for index in stride(from: width - 1, to: bytes.count, by: width) { bytes[index] ^= 0x80 }
  }

  /// Whether the elements are a piece of the storage as it is.
  private static func isStored(_ tensor: TorchTensor) -> Bool {
    guard case .none = tensor.metadata else { return false }
    return isContiguous(tensor)
  }

  private static func isContiguous(_ tensor: TorchTensor) -> Bool {
    var expected = 1
    for (extent, stride) in zip(tensor.shape, tensor.strides).reversed() where extent > 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }

  private static func gather(
    _ tensor: TorchTensor, _ storage: ByteRegion, width: Int, count: Int
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count * width)
    // Along an axis of one element nothing is added: its stride may be any number.
    let axes = Array(zip(tensor.shape, tensor.strides)).filter { $0.0 > 1 }
    var index = [Int](repeating: 0, count: axes.count)
    var element = tensor.offset
    for _ in 0..<count {
      for byte in element * width..<(element + 1) * width {
        result.append(storage.integer(at: byte, as: UInt8.self))
      }
      for axis in index.indices.reversed() {
        index[axis] += 1
        element += axes[axis].1
        if index[axis] < axes[axis].0 { break }
        element -= index[axis] * axes[axis].1
        index[axis] = 0
      }
    }
    return result
  }
}
