import CanonicalJSON
import Conversion
import TestSupport
import Testing

/// What real checkpoints hold, read right.
@Suite struct AcceptedCheckpointTests {
  static let files = AcceptedFile.all("pickle")

  @Test func `the folder is there`() {
    #expect(Self.files.count > 20)
  }

  @Test(arguments: files)
  func `every state dict has the tensors that the file holds`(_ file: AcceptedFile) throws {
    let imported = try ImportedFile.open(file.path)
    let states = try #require(try file.expected("states")?.object)
    let names = imported.stateDictNames.isEmpty ? [""] : imported.stateDictNames
    #expect(names.sorted() == states.keys.sorted())
    for (name, expected) in states {
      let tensors = try imported.tensors(of: name.isEmpty ? nil : name)
      #expect(AcceptedFile.json(tensors) == expected, "state dict \(name)")
    }
  }

  @Test(arguments: files)
  func `plain values come along as inert JSON and tensors beside the weights are counted`(
    _ file: AcceptedFile
  ) throws {
    let imported = try ImportedFile.open(file.path)
    #expect(.object(imported.facts) == (try file.expected("facts")))
    #expect((imported.arguments ?? .null) == (try file.expected("arguments")))
    let dropped = try imported.stateDict(imported.stateDictNames.first).dropped
    let counts: JSON = [.integer(dropped.tensors), .integer(dropped.bytes)]
    #expect(counts == (try file.expected("dropped")))
  }

  @Test func `of several state dicts one must be named, and by a name that is there`() throws {
    let file = try #require(Self.files.first { $0.description == "timm.pth" })
    let imported = try ImportedFile.open(file.path)
    #expect(imported.stateDictNames == ["state_dict", "state_dict_ema"])
    let expected = Refusal(name: "state-dict", exitCode: 78)
    #expect(try Refusal.of { _ = try imported.tensors(of: nil) } == expected)
    #expect(try Refusal.of { _ = try imported.tensors(of: "model") } == expected)
    #expect(try imported.tensors(of: "state_dict_ema")["w"]?.shape == [3])
    // What was not taken is said, and what was.
    let state = try imported.stateDict("state_dict_ema")
    #expect(state.choice == "state_dict_ema" && state.dropped == (1, 16))
  }

  /// The facts of a checkpoint whose members `m0`, `m1`, ... are all one value.
  private func sharedFacts(_ members: Int, _ value: [UInt8]) throws -> [String: JSON] {
    let model = Opcodes.text("model") + Opcodes.ascii("}") + Opcodes.text("w")
    let shared = (1..<members).flatMap { Opcodes.text("m\($0)") + Opcodes.ascii("h\u{0}") }
    let pickle = Opcodes.pickle(
      Opcodes.ascii("}("), model, Opcodes.tensor, Opcodes.ascii("s"), Opcodes.text("m0"), value,
      Opcodes.ascii("q\u{0}"), shared, Opcodes.ascii("u"))
    let folder = try ScratchFolder()
    try TestFiles.write(
      StoredZip.checkpoint(pickle, storages: [("0", [0, 0, 0, 0])]), to: folder.file("shared.pth"))
    return try ImportedFile.open(folder.file("shared.pth")).facts
  }

  @Test func `members that share one list do not multiply it`() throws {
    // Thirty million numbers if each list were written out.
    let numbers = Opcodes.times(15_000, Opcodes.ascii("K\u{1}"))
    let facts = try sharedFacts(2_000, Opcodes.ascii("](") + numbers + Opcodes.ascii("e"))
    #expect(facts["m0"]?.array?.count == 15_000)
    #expect(facts.values.reduce(0) { $0 + ($1.array?.count ?? 0) } < 250_000)
  }

  @Test func `members that share one text do not multiply it`() throws {
    let text = String(repeating: "a", count: 100_000)
    let facts = try sharedFacts(2_000, Opcodes.text(text))
    #expect(facts["m0"]?.string == text)
    #expect(facts.values.reduce(0) { $0 + ($1.string?.utf8.count ?? 0) } < 4_000_000)
  }
}
