import Diagnostics
import FileAccess
import HDF5Subset
import TestSupport
import Testing

/// Damage below right checksums: what an attacker does, who can compute them too.
@Suite struct MutatedHDF5Tests {
  /// The object headers of a file: from their signature to their checksum.
  private func headers(_ bytes: [UInt8]) -> [Range<Int>] {
    let signature = Array("OHDR".utf8)
    return bytes.indices.dropLast(16).filter { Array(bytes[$0..<$0 + 4]) == signature }.map {
      let width = 1 << Int(bytes[$0 + 5] & 3)
      let size = bytes[$0 + 6..<$0 + 6 + width].reversed().reduce(0) { $0 << 8 | Int($1) }
      return $0..<$0 + 6 + width + size
    }
  }

  /// Changes one to three bytes of a header and makes its checksum right again.
  private func mutated(
    _ bytes: [UInt8], _ header: Range<Int>, _ random: inout RepeatableRandom
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let values: [UInt8] = [
        0x00, 0x01, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random),
      ]
      let place = Int.random(in: header.lowerBound + 4..<header.upperBound, using: &random)
      bytes[place] = values.randomElement(using: &random) ?? 0
    }
    let checksum = Lookup3.checksum(of: Array(bytes[header]), count: header.count)
    for index in 0..<4 {
      bytes[header.upperBound + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index))
    }
    return bytes
  }

  @Test(arguments: AcceptedFile.all("hdf5"))
  func `sealed damage ends in a named failure or in a file that can be read`(
    _ file: AcceptedFile
  ) throws {
    let folder = try ScratchFolder()
    let bytes = try TestFiles.bytes(file.path)
    let headers = headers(bytes)
    var random = RepeatableRandom(seed: 11)
    var refusals: Set<String> = []
    for _ in 0..<1_000 {
      let header = try #require(headers.randomElement(using: &random))
      try TestFiles.write(mutated(bytes, header, &random), to: folder.file("mutated.h5"))
      let refusal = try Refusal.of {
        _ = try StrictHDF5Reader().content(of: MappedFile(path: folder.file("mutated.h5")))
      }
      if let refusal { refusals.insert(refusal.name) }
    }
    #expect(refusals.count > 4, "\(refusals)")
  }

  @Test func `the checksum of structure is the published one`() {
    func checksum(_ text: String) -> UInt32 {
      Lookup3.checksum(of: Array(text.utf8), count: text.utf8.count)
    }
    // From the test driver of Jenkins' lookup3.c, hashlittle with initial value 0.
    #expect(checksum("") == 0xDEAD_BEEF)
    #expect(checksum("Four score and seven years ago") == 0x1777_0551)
  }
}
