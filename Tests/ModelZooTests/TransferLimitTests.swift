import ModelZoo
import Testing

/// How much is taken of a file whose size an entry does not list.
@Suite struct TransferLimitTests {
  @Test func `every listed file fits, and no entry allows more than four GiB`() throws {
    for entry in try ZooIndex.compiledIn().entries {
      let listed = entry.files.compactMap(\.size).max() ?? 0
      #expect(entry.transferLimit >= listed, "\(entry.name)")
      // Weights in eight bytes, an average of them, and two moments of an optimizer.
      #expect(entry.transferLimit >= 32 * entry.parameterCount, "\(entry.name)")
      #expect(entry.transferLimit < 4 << 30, "\(entry.name)")
    }
  }

  @Test func `a small model allows little more than 64 MiB`() throws {
    let entry = try #require(try ZooIndex.compiledIn().entry("qkformer-digits"))
    #expect(entry.transferLimit == 32 * entry.parameterCount + (64 << 20))
    #expect(entry.transferLimit < 128 << 20)
  }
}
