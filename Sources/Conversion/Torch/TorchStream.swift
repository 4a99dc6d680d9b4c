import Diagnostics
import FileAccess
import SpikeTensors
import TensorFiles

/// A file by `torch.save` before PyTorch 1.6: five pickles in a row, then the storages.
///
/// The pickles are a magic number, a protocol version, facts about the machine, the content, and
/// the keys of the storages; each storage is its number of elements and its bytes. The file has no
/// checksums; nothing may follow the last storage.
///
/// Corresponds to `_legacy_save` in `torch/serialization.py`, protocol 1001.
struct TorchStream: TorchStorages {
  /// The magic number as a pickle spells it: LONG1 of ten bytes, and the end.
  private static let magic: [UInt8] = [
    0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, UInt8(ascii: "."),
  ]
  /// The most bytes that the pickle of the magic number has.
  static let longestHead = 2 + 9 + magic.count

  /// The length of the pickle of the magic number at the start of some bytes, if it is there: a
  /// protocol, from 4 on a frame, and the number.
  static func head(of start: [UInt8]) -> Int? {
    guard start.count > 2, start[0] == 0x80, (2...5).contains(start[1]) else { return nil }
    let frame = start[1] >= 4 && start[2] == 0x95 ? 9 : 0
    guard start.dropFirst(2 + frame).starts(with: magic) else { return nil }
    return 2 + frame + magic.count
  }

  private static let protocolVersion = 1001
  /// The bytes in which the small pickles must end.
  private static let headerLimit = 1 << 16

  /// The value that was saved.
  let document: PickleDocument
  private let storages: [String: ByteRegion]

  /// Reads what follows the magic number, which is `head` bytes long.
  init(_ file: ByteRegion, head: Int, at place: String) throws {
    var reader = Reader(file: file, place: place, offset: head)
    let version = try reader.pickle("protocol version", limit: Self.headerLimit)
    guard version.root.int == Self.protocolVersion else {
      throw TorchFailure(
        .stream, at: "\(place) protocol version", expected: "\(Self.protocolVersion)",
        found: version.root.int.map { "\($0)" } ?? "another value")
    }
    let machine = try reader.pickle("machine", limit: Self.headerLimit)
    // A document's containers live as long as it does.
    try withExtendedLifetime(machine) { try Self.checkMachine(machine.root, place) }
    let content = try reader.pickle("content", limit: PickleMachine.Limits.size)
    let keys = try reader.pickle("storage keys", limit: PickleMachine.Limits.size)
    storages = try withExtendedLifetime(keys) { try reader.storages(keys.root, of: content) }
    document = content
  }

  func bytes(of keys: [String]) -> [String: ByteRegion] { storages }
  func byteCount(of key: String) -> Int { storages[key]?.count ?? 0 }

  private static func checkMachine(_ facts: PickleValue, _ place: String) throws {
    guard case .bool(let isLittle)? = facts.dict?["little_endian"] else {
      throw TorchFailure(
        .stream, at: "\(place) machine", expected: "member little_endian", found: "none")
    }
    guard isLittle else {
      throw TorchFailure(.byteOrder, at: place, expected: "little", found: "big")
    }
  }

  /// Goes through the file front to back.
  private struct Reader {
    let file: ByteRegion
    let place: String
    var offset: Int

    mutating func pickle(_ name: String, limit: Int) throws -> PickleDocument {
      let rest = file.part(offset..<min(file.count, offset + limit))
      let (document, used) = try PickleMachine.readFirst(rest, at: "\(place) \(name)")
      offset += used
      return document
    }

    mutating func storages(
      _ keys: PickleValue, of document: PickleDocument
    ) throws -> [String: ByteRegion] {
      guard case .list(let list) = keys else {
        throw failure("storage keys", "a list", "another value")
      }
      var storages: [String: ByteRegion] = [:]
      for element in list.elements {
        guard let key = element.string, let storage = document.storages[key],
          storages[key] == nil
        else { throw failure("storage keys", "each storage of the content once", "another") }
        storages[key] = try take(storage)
      }
      guard offset == file.count else {
        throw failure("end", "\(offset) bytes", "\(file.count)")
      }
      return storages
    }

    private mutating func take(_ storage: TorchStorage) throws -> ByteRegion {
      let name = "storage \(storage.key)"
      guard let width = storage.elementType?.byteCount else {
        throw TorchFailure(
          .elementType, at: "\(place) \(name)", expected: "real numbers or integers",
          found: storage.typeName)
      }
      guard file.count - offset >= 8 else { throw failure(name, "a number of elements", "the end") }
      let count = file.integer(at: offset, as: Int64.self)
      let start = offset + 8
      guard count == storage.count, storage.count <= (file.count - start) / width else {
        throw failure(
          name, "\(storage.count) elements inside the file",
          "\(count) in \(file.count - start) bytes")
      }
      offset = start + storage.count * width
      return file.part(start..<offset)
    }

    private func failure(_ part: String, _ expected: String, _ found: String) -> TorchFailure {
      TorchFailure(.stream, at: "\(place) \(part)", expected: expected, found: found)
    }
  }
}
