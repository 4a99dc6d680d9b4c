import Concurrency
import Diagnostics
import FileAccess
import TensorFiles

/// Where the bytes of a checkpoint's storages are.
protocol TorchStorages {
  /// The bytes of those storages that exist, after whatever check the container offers.
  ///
  /// - Throws: `TensorFileFailure`.
  func bytes(of keys: [String]) throws -> [String: ByteRegion]
  /// The size of a storage's bytes, whatever the pickle says; 0 if there is none.
  func byteCount(of key: String) -> Int
}

/// A zip archive by `torch.save` of PyTorch 1.6 and later.
///
/// Corresponds to `torch/serialization.py`, archive version 3.
struct TorchArchive: TorchStorages {
  private let archive: ZipArchive
  private let entries: [String: ZipArchive.Entry]
  private let root: String
  private let place: String

  init(_ file: ByteRegion, at place: String) throws {
    archive = try ZipArchive(file, at: place)
    self.place = place
    entries = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0) })
    root = try Self.root(archive, place)
    try checkByteOrder()
  }

  /// The pickle that describes the content.
  func document() throws -> PickleDocument {
    guard let pickle = entries["\(root)/data.pkl"] else { preconditionFailure("found by root()") }
    return try PickleMachine.read(
      try archive.checkedBytes(of: pickle), at: "\(place) entry \(pickle.name)")
  }

  /// Checks each storage once, on all cores.
  func bytes(of keys: [String]) throws -> [String: ByteRegion] {
    let archive = archive
    let found = Set(keys).sorted().compactMap { key in
      entries["\(root)/data/\(key)"].map { (key, $0) }
    }
    return Dictionary(
      uniqueKeysWithValues: try found.concurrentMap { ($0.0, try archive.checkedBytes(of: $0.1)) })
  }

  func byteCount(of key: String) -> Int { entries["\(root)/data/\(key)"]?.bytes.count ?? 0 }

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

  private func checkByteOrder() throws {
    guard let entry = entries["\(root)/byteorder"] else { return }
    let order = String(decoding: try archive.checkedBytes(of: entry).copy(), as: UTF8.self)
    guard order == "little" else {
      throw TorchFailure(.byteOrder, at: place, expected: "little", found: order)
    }
  }
}
