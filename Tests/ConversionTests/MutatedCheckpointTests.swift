import Conversion
import FileAccess
import TensorFiles
import TestSupport
import Testing

/// Checkpoints with random damage: a named error or a success, never anything else.
@Suite struct MutatedCheckpointTests {
  /// The entries of a checkpoint.
  private func entries(_ path: String) throws -> [(name: String, bytes: [UInt8])] {
    try ZipArchive(ByteRegion(try MappedFile(path: path)), at: path).entries
      .map { ($0.name, $0.bytes.copy()) }
  }

  /// Reads everything that a file offers; how it is refused, or nothing if it was read.
  private func refusal(_ bytes: [UInt8], _ folder: ScratchFolder) throws -> Refusal? {
    let path = folder.file("damaged.pth")
    try TestFiles.write(bytes, to: path)
    return try Refusal.of {
      let imported = try ImportedFile.open(path)
      let names = imported.stateDictNames
      for name in names.isEmpty ? [nil] : names.map(Optional.some) {
        _ = try imported.tensors(of: name)
      }
    }
  }

  /// Files of the format before PyTorch 1.6 have no entries to damage one by one.
  private static let archives = AcceptedFile.all("pickle").filter {
    !$0.description.hasPrefix("legacy")
  }

  @Test(arguments: archives)
  func `a damaged pickle is refused by name or read`(_ file: AcceptedFile) throws {
    var random = RepeatableRandom(seed: 11)
    let folder = try ScratchFolder()
    let entries = try entries(file.path)
    #expect(try refusal(StoredZip.archive(entries), folder) == nil)
    var refused = 0
    for _ in 0..<60 {
      let damaged = entries.map { entry in
        entry.name.hasSuffix(".pkl") ? (entry.name, Damage.some(entry.bytes, &random)) : entry
      }
      refused += try refusal(StoredZip.archive(damaged), folder) == nil ? 0 : 1
    }
    #expect(refused > 10)
  }

  @Test(arguments: AcceptedFile.all("pickle"))
  func `a damaged archive is refused by name or read`(_ file: AcceptedFile) throws {
    var random = RepeatableRandom(seed: 12)
    let folder = try ScratchFolder()
    let bytes = try TestFiles.bytes(file.path)
    var refused = 0
    for _ in 0..<40 {
      refused += try refusal(Damage.some(bytes, &random), folder) == nil ? 0 : 1
    }
    #expect(refused > 20)
  }

  @Test(arguments: Golden.names)
  func `a damaged pickle of a whole model is refused by name`(_ name: String) throws {
    var random = RepeatableRandom(seed: 13)
    let folder = try ScratchFolder()
    // Without its storages the file is small; the last step of a good one is to miss them.
    let entries = try entries("\(Golden.folder(name))/checkpoint.pth")
    let pickle = try #require(entries.first { $0.name.hasSuffix("/data.pkl") })
    var names: Set<String> = []
    for _ in 0..<100 {
      let damaged = StoredZip.checkpoint(Damage.some(pickle.bytes, &random))
      names.insert(try #require(try refusal(damaged, folder)).name)
    }
    #expect(names.isSuperset(of: ["storage-entry", "pickle-operand", "pickle-truncated"]))
  }

  @Test func `a damaged directory of a whole model is refused by name or read`() throws {
    var random = RepeatableRandom(seed: 14)
    let folder = try ScratchFolder()
    let bytes = try TestFiles.bytes("\(Golden.folder("dvs-tiny"))/checkpoint.pth")
    // 321 records of about 66 bytes, and the end records.
    let directory = bytes.count - 20_000
    var refused = 0
    for _ in 0..<150 {
      let damaged = Damage.some(Array(bytes[directory...]), &random)
      refused += try refusal(bytes[..<directory] + damaged, folder) == nil ? 0 : 1
    }
    #expect(refused > 100)
  }
}
