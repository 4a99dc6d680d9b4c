import Evaluation
import TestSupport
import Testing

/// Answers that are a permutation of the labels.
@Suite struct ClassRenamingTests {
  private struct Answer: AnsweredSample {
    let index: Int
    let label: Int
    let top5: [Int]
    let loss = 1.0
  }

  /// Samples of each class with the answers that a function gives.
  private func renaming(
    classes: Int, each: Int, _ answer: (_ label: Int, _ number: Int) -> Int
  ) -> ClassRenaming? {
    let samples = (0..<classes * each).map { index in
      Answer(index: index, label: index / each, top5: [answer(index / each, index % each)])
    }
    return ClassRenaming(Metrics(samples))
  }

  private func pairs(_ renaming: ClassRenaming?) -> [[Int]] {
    renaming?.pairs.map { [$0.label, $0.answer] } ?? []
  }

  @Test func `classes trained as square, circle, triangle and read by alphabet`() throws {
    // Folders circle, square, triangle; the model's 0 is square, its 1 circle.
    let found = try #require(renaming(classes: 3, each: 50) { label, _ in [1, 0, 2][label] })
    #expect(found.share.correct == 150 && found.share.count == 150)
    #expect(pairs(found) == [[0, 1], [1, 0]])
  }

  @Test func `ten before two`() throws {
    let order = (0..<12).map(String.init).sorted().compactMap { Int($0) }
    let found = try #require(renaming(classes: 12, each: 5) { label, _ in order[label] })
    #expect(found.share.correct == 60)
    #expect(pairs(found) == order.enumerated().filter { $0 != $1 }.map { [$0, $1] })
  }

  @Test func `a shift by one with wrong answers among them`() throws {
    let found = try #require(
      renaming(classes: 5, each: 20) { label, number in number < 15 ? (label + 1) % 5 : label })
    #expect(found.share.correct == 75 && pairs(found).count == 5)
  }

  @Test func `a good, a poor and a stuck model need no other names`() {
    #expect(renaming(classes: 4, each: 25) { label, _ in label } == nil)
    #expect(renaming(classes: 4, each: 25) { label, number in number < 15 ? label : 0 } == nil)
    #expect(renaming(classes: 4, each: 25) { _, _ in 3 } == nil)
    #expect(renaming(classes: 1000, each: 1) { label, _ in (label + 1) % 1000 } == nil)
  }

  @Test(arguments: 0..<20)
  func `chance is no permutation`(_ seed: Int) {
    var random = RepeatableRandom(seed: UInt64(seed))
    #expect(renaming(classes: 4, each: 30) { _, _ in Int.random(in: 0..<4, using: &random) } == nil)
    #expect(
      renaming(classes: 100, each: 10) { _, _ in Int.random(in: 0..<100, using: &random) } == nil)
  }

  @Test func `two swapped classes of few samples are too few to tell`() {
    #expect(renaming(classes: 2, each: 1) { label, _ in 1 - label } == nil)
    #expect(renaming(classes: 2, each: 2) { label, _ in 1 - label } != nil)
  }
}
