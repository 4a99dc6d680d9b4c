import FileAccess
import Foundation
import TensorFiles
import TestSupport
import Testing

/// Zip archives as this software writes them.
@Suite struct ZipWriterTests {
  private static func entries(
    _ random: inout RepeatableRandom
  ) -> [(name: String, bytes: ByteRegion)] {
    (0..<Int.random(in: 0...9, using: &random)).map { index in
      let count = Int.random(in: 0...200, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      return ("root/\(index)/caf\u{E9}", ByteRegion(bytes))
    }
  }

  @Test(arguments: 1...8)
  func `what is written is read back, every entry at a multiple of 64`(_ seed: UInt64) throws {
    var random = RepeatableRandom(seed: seed)
    let entries = Self.entries(&random)
    let folder = try ScratchFolder()
    try ZipWriter.write(entries, to: folder.file("a.zip"))
    try ZipWriter.write(entries, to: folder.file("b.zip"))
    let bytes = try TestFiles.bytes(folder.file("a.zip"))
    #expect(try TestFiles.bytes(folder.file("b.zip")) == bytes)
    let archive = try ZipArchive(ByteRegion(bytes), at: "written")
    #expect(archive.entries.map(\.name) == entries.map(\.name))
    for (read, written) in zip(archive.entries, entries) {
      let found = try archive.checkedBytes(of: read).copy()
      #expect(found == written.bytes.copy())
      let starts = (0...bytes.count - found.count).filter { start in
        bytes[start..<start + found.count].elementsEqual(found)
      }
      #expect(starts.contains { $0.isMultiple(of: 64) })
    }
  }

  @Test func `4 GiB are refused before anything is written`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("sparse")
    try TestFiles.write([], to: path)
    #expect(truncate(path, 1 << 32) == 0)
    let region = ByteRegion(try MappedFile(path: path))
    let refusal = try Refusal.of {
      try ZipWriter.write([("root/data", region)], to: folder.file("large.zip"))
    }
    #expect(refusal == Refusal(name: "zip-too-large", exitCode: 65))
    #expect(try folder.names() == ["sparse"])
  }
}
