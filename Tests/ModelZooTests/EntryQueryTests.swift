import Diagnostics
import ModelZoo
import Testing

/// Conditions on entries.
@Suite struct EntryQueryTests {
  private static let entries = (try? ZooIndex.compiledIn().entries) ?? []

  private func names(_ text: String) throws -> Set<String> {
    let query = try EntryQuery(text)
    return Set(Self.entries.filter(query.matches).map(\.name))
  }

  @Test func `conditions select what they say`() throws {
    #expect(try names("name = hst-10-384") == ["qkformer-10-384-t4-r224.in1k"])
    #expect(
      try names("dataset=in1k and image_size>224") == [
        "qkformer-10-768-t4-r288.in1k", "qkformer-10-768-t4-r384.in1k",
      ])
    #expect(
      try names("reported.top1 >= 76.48 and reported.top1<=77.78")
        == ["ms-qkformer-10-384-t4-r224.in1k", "ms-qkformer-10-768-t1-r224.in1k"])
    #expect(
      try names("measured.top1>90 and availability=embedded").contains("qkformer-4-64-t4-r8.digits")
    )
    #expect(try names("licence.weights='none stated' and width=512").count == 1)
  }

  @Test func `a field with several values matches if one does`() throws {
    #expect(try names("independent.top1<75 and dataset=in1k").count == 1)
    #expect(try names("independent.top1>84 and dataset=in1k").count == 1)
  }

  @Test func `not, and, or and parentheses follow boolean algebra`() throws {
    let all = Set(Self.entries.map(\.name))
    let (a, b) = ("dataset=in1k", "time_steps=1")
    let (inA, inB) = (try names(a), try names(b))
    #expect(!inA.isEmpty && !inB.isEmpty && inA != all)
    #expect(try names("not \(a)") == all.subtracting(inA))
    #expect(try names("\(a) and \(b)") == inA.intersection(inB))
    #expect(try names("\(a) or \(b)") == inA.union(inB))
    #expect(try names("not (\(a) or \(b))") == names("not \(a) and not \(b)"))
    #expect(try names("\(a) or \(a) and \(b)") == inA)
    #expect(try names("(\(a) or \(a)) and \(b)") == inA.intersection(inB))
  }

  @Test(arguments: [
    ("top1>75", "whose figure: reported.top1, log.top1, independent.top1, measured.top1"),
    ("colour=red", "a field: name, dataset"), ("", "a field"), ("width", "=, !=, <, <=, > or >="),
    ("width>", "a number for width"), ("width>wide", "a number for width"),
    ("dataset=", "a word for dataset"), ("(width>1", "`)`"), ("width>1 width>2", "`and`, `or`"),
    ("name='x", "a closing '"), ("width ! 3", "a field, a comparison or a value"),
    ("width>nan", "a number for width"),
  ])
  func `what cannot be read is refused by what was expected`(text: String, expected: String) {
    #expect {
      _ = try EntryQuery(text)
    } throws: { error in
      let failure = error as? ZooFailure
      return failure?.code == .query && failure?.exitCode == 64
        && failure?.expected.hasPrefix(expected) == true
    }
  }

  @Test func `brackets in brackets have an end`() throws {
    let brackets = { (depth: Int) in
      String(repeating: "(", count: depth) + "depth>0" + String(repeating: ")", count: depth)
    }
    _ = try EntryQuery(brackets(99))
    _ = try EntryQuery((0..<1000).map { _ in "(depth>0)" }.joined(separator: " and "))
    for text in [brackets(100_000), String(repeating: "not ", count: 100_000) + "depth>0"] {
      #expect { _ = try EntryQuery(text) } throws: { ($0 as? ZooFailure)?.code == .query }
    }
  }
}
