import FileAccess
import HDF5Subset
import Testing

/// The checksum of filter 3.
@Suite struct Fletcher32Tests {
  @Test func `it is that of the published example`() {
    func checksum(_ text: String) -> UInt32 {
      ByteRegion(Array(text.utf8)).withBytes { Fletcher32.checksum(of: $0) }
    }
    // sum1 = 6162 + 6364 + 6500 and sum2 = 6162 + c4c6 + 129c6, each folded to 16 bits.
    #expect(checksum("abcde") == 0x4FF0_29C7)
    #expect(checksum("") == 0)
  }

  @Test func `long inputs fold without overflow`() {
    let ones = ByteRegion([UInt8](repeating: 0xFF, count: 100_001))
    let once = ones.withBytes { Fletcher32.checksum(of: $0) }
    // Words of all ones are zero in one's complement; the odd byte is ff00.
    #expect(once == 0xFF00_FF00)
  }
}
