import CanonicalJSON
import Diagnostics
import FileAccess
import SpikeTensors
import TensorFiles

/// A checkpoint that `torch.save` wrote as a zip archive (PyTorch 1.6 and later), read as data.
///
/// Corresponds to `torch/serialization.py`, archive version 3.
struct TorchCheckpoint {
  private let document: PickleDocument
  private let archive: ZipArchive
  private let entries: [String: ZipArchive.Entry]
  private let place: String

  /// Opens a file; nothing in it is executed.
  ///
  /// - Throws: `TorchFailure`, `TensorFileFailure`.
  init(_ file: ByteRegion, at place: String) throws {
    try Self.recognise(file, place)
    archive = try ZipArchive(file, at: place)
    self.place = place
    entries = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0) })
    let root = try Self.root(archive, place)
    try Self.checkByteOrder(archive, root, place)
    guard let pickle = entries["\(root)/data.pkl"] else { preconditionFailure("found by root()") }
    document = try PickleMachine.read(
      try archive.checkedBytes(of: pickle), at: "\(place) entry \(pickle.name)")
    dataPrefix = "\(root)/data/"
  }

  private let dataPrefix: String

  private static func recognise(_ file: ByteRegion, _ place: String) throws {
    let start = file.part(0..<min(file.count, 16)).copy()
    if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return }
    // Protocol 2, LONG1 of ten bytes: the magic number of the format before 1.6.
    if start.starts(with: [0x80, 0x02, 0x8A, 0x0A]) {
      throw TorchFailure(
        .legacy, at: place, expected: "a checkpoint of PyTorch 1.6 or later",
        found: "the format before 1.6; load it in PyTorch and save it again")
    }
    throw TorchFailure(
      .foreign, at: place, expected: "a checkpoint: HDF5, safetensors, or an archive by torch.save",
      found: "other bytes")
  }

  /// The one folder that holds `data.pkl` and everything else.
  private static func root(_ archive: ZipArchive, _ place: String) throws -> String {
    let pickles = archive.entries.filter { $0.name.hasSuffix("/data.pkl") }
    if archive.entries.contains(where: { $0.name.hasSuffix("/constants.pkl") }) {
      throw TorchFailure(
        .torchScript, at: place, expected: "a checkpoint of tensors", found: "a TorchScript program"
      )
    }
    guard pickles.count == 1 else {
      throw TorchFailure(
        .foreign, at: place, expected: "one data.pkl", found: "\(pickles.count)")
    }
    let root = String(pickles[0].name.dropLast("/data.pkl".count))
    if let stray = archive.entries.first(where: { !$0.name.hasPrefix(root + "/") }) {
      throw TorchFailure(
        .foreign, at: place, expected: "every entry below \(root)/", found: stray.name)
    }
    return root
  }

  private static func checkByteOrder(
    _ archive: ZipArchive, _ root: String, _ place: String
  ) throws {
    guard let entry = archive.entry("\(root)/byteorder") else { return }
    let order = String(decoding: try archive.checkedBytes(of: entry).copy(), as: UTF8.self)
    guard order == "little" else {
      throw TorchFailure(.byteOrder, at: place, expected: "little", found: order)
    }
  }

  /// The unpickled value.
  var root: PickleValue { document.root }

  /// A tensor's elements: the archive's own bytes if they are contiguous, else gathered.
  ///
  /// - Throws: `TorchFailure`, `TensorFileFailure`, `TensorFailure`.
  func tensor(_ tensor: TorchTensor, name: String) throws -> Tensor {
    let place = "\(place) \(name)"
    let (storage, type) = try storage(tensor.storage, place)
    let needed = try Tensor.byteCount(type, tensor.shape, name: place)
    let count = needed / type.byteCount
    try checkBounds(tensor, count: count, place)
    let start = tensor.offset * type.byteCount
    if count == 0 || Self.isContiguous(tensor) {
      return try Tensor(type, tensor.shape, storage.part(start..<start + needed), name: place)
    }
    let gathered = Self.gather(tensor, storage.copy(), width: type.byteCount, count: count)
    return try Tensor(type, tensor.shape, ByteRegion(gathered), name: place)
  }

  /// The bytes that the archive has for a storage, whatever the pickle says.
  func byteCount(of storage: TorchStorage) -> Int {
    entries[dataPrefix + storage.key]?.bytes.count ?? 0
  }

  private func storage(
    _ storage: TorchStorage, _ place: String
  ) throws -> (ByteRegion, ElementType) {
    guard let type = storage.elementType else {
      throw TorchFailure(
        .elementType, at: place, expected: "real numbers or integers", found: storage.typeName)
    }
    guard let entry = entries[dataPrefix + storage.key] else {
      throw TorchFailure(
        .storage, at: place, expected: "an entry \(dataPrefix + storage.key)", found: "none")
    }
    let (size, overflow) = storage.count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, entry.bytes.count == size else {
      throw TorchFailure(
        .storageBounds, at: "\(place) storage \(storage.key)",
        expected: "\(entry.bytes.count) bytes as its entry has",
        found: "\(storage.count) elements of \(type)")
    }
    return (try archive.checkedBytes(of: entry), type)
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

  private static func isContiguous(_ tensor: TorchTensor) -> Bool {
    var expected = 1
    for (extent, stride) in zip(tensor.shape, tensor.strides).reversed() where extent > 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }

  private static func gather(
    _ tensor: TorchTensor, _ storage: [UInt8], width: Int, count: Int
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count * width)
    // Along an axis of one element nothing is added: its stride may be any number.
    let strides = zip(tensor.shape, tensor.strides).map { $0 > 1 ? $1 : 0 }
    var index = [Int](repeating: 0, count: tensor.shape.count)
    var element = tensor.offset
    for _ in 0..<count {
      result += storage[element * width..<(element + 1) * width]
      for axis in index.indices.reversed() {
        index[axis] += 1
        element += strides[axis]
        if index[axis] < tensor.shape[axis] { break }
        element -= index[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
