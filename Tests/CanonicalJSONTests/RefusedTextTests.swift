import CanonicalJSON
import TestSupport
import Testing

/// Texts that are not JSON, or not the canonical text of their value.
@Suite struct RefusedTextTests {
  static let files = CorruptFile.all("json")

  @Test(arguments: files)
  func `a text is refused with the error that its file's name says`(_ file: CorruptFile) throws {
    let bytes = try TestFiles.bytes(file.path)
    #expect(try Refusal.of { _ = try JSON(parsingCanonical: bytes, at: "text") } == file.expected)
  }

  @Test(arguments: files)
  func `a text is read as plain JSON only if it is merely not canonical`(
    _ file: CorruptFile
  ) throws {
    let bytes = try TestFiles.bytes(file.path)
    let refusal = try Refusal.of { _ = try JSON(parsing: bytes, at: "text") }
    let isReadable = file.expected.name == "json-not-canonical"
    #expect(refusal == (isReadable ? nil : file.expected))
  }

  @Test func `the folder is there`() {
    #expect(Self.files.count > 50)
  }

  @Test func `65 levels are read and 66 are not`() throws {
    func nested(_ levels: Int) -> [UInt8] {
      Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
    }
    #expect(try JSON(parsingCanonical: nested(65), at: "65").canonicalBytes == nested(65))
    let refusal = try Refusal.of { _ = try JSON(parsing: nested(66), at: "66") }
    #expect(refusal == Refusal(name: "json-too-deep", exitCode: 65))
  }

  @Test func `an object has no more members than its reader takes`() throws {
    let text = Array(#"{"a":[1,2,3],"b":{"c":1,"d":2},"e":3}"#.utf8)
    #expect(try JSON(parsing: text, at: "3", memberLimit: 3).object?.count == 3)
    let refusal = try Refusal.of { _ = try JSON(parsing: text, at: "2", memberLimit: 2) }
    #expect(refusal == Refusal(name: "json-too-many-members", exitCode: 65))
    // Of an object inside too, and before what follows is looked at.
    let cut = Array(#"{"b":{"c":1,"d"#.utf8)
    let inside = try Refusal.of { _ = try JSON(parsing: cut, at: "1", memberLimit: 1) }
    #expect(inside == Refusal(name: "json-too-many-members", exitCode: 65))
  }

  @Test func `two keys that Unicode holds equal are refused, not merged`() throws {
    let refusal = try Refusal.of {
      _ = try JSON(parsing: Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8), at: "keys")
    }
    #expect(refusal == Refusal(name: "json-duplicate-key", exitCode: 65))
  }

  @Test func `a message names the place, what was expected and what was found`() throws {
    let failure = try #require(throws: JSONFailure.self) {
      try JSON(parsing: Array("[1,]".utf8), at: "model.json")
    }
    #expect(
      failure.description == "model.json byte 3: json-syntax: expected a value, found byte 0x5d")
  }

  @Test func `random damage to a text ends in a name or in a value`() throws {
    let text = #"{"a":[1,-2.5e-7,true,false,null],"b":{"c":"\u20ac\ud83d\ude00\n"},"d":"é"}"#
    var random = RepeatableRandom(seed: 21)
    var refused = 0
    for _ in 0..<2_000 {
      let damaged = Damage.some(Array(text.utf8), &random)
      let refusal = try Refusal.of {
        let json = try JSON(parsing: damaged, at: "damaged")
        #expect(try JSON(parsingCanonical: json.canonicalBytes, at: "again") == json)
      }
      refused += refusal == nil ? 0 : 1
    }
    #expect((1_000..<2_000).contains(refused))
  }
}
