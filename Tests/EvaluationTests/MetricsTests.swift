import Evaluation
import Testing

/// Accuracy, loss and agreement as functions of answered samples.
@Suite struct MetricsTests {
  private struct Sample: AnsweredSample {
    var index: Int
    var label: Int
    var top5: [Int]
    var loss: Double
  }

  private let samples = [
    Sample(index: 0, label: 0, top5: [0, 1, 2, 3, 4], loss: 1),
    Sample(index: 1, label: 0, top5: [1, 0, 2, 3, 4], loss: 2),
    Sample(index: 2, label: 2, top5: [2, 0, 1, 3, 4], loss: 3),
    Sample(index: 3, label: 2, top5: [1, 0, 3, 4, 5], loss: 4),
    Sample(index: 4, label: 9, top5: [9], loss: 10),
  ]

  @Test func `shares are counts`() {
    let metrics = Metrics(samples)
    #expect(metrics.top1 == .init(correct: 3, count: 5))
    #expect(metrics.top5 == .init(correct: 4, count: 5))
    #expect(metrics.loss == 4)
    #expect(metrics.classes.map(\.label) == [0, 2, 9])
    #expect(metrics.classes.map(\.top1.correct) == [1, 1, 1])
    #expect(metrics.classes.map(\.top5.correct) == [2, 1, 1])
    #expect(metrics.classes.map(\.top1.count) == [2, 2, 1])
    #expect(
      metrics.confusion == [
        .init(label: 0, answer: 0): 1, .init(label: 0, answer: 1): 1,
        .init(label: 2, answer: 2): 1, .init(label: 2, answer: 1): 1,
        .init(label: 9, answer: 9): 1,
      ])
    #expect(Metrics([Sample]()).top1.value == 0 && Metrics([Sample]()).loss == 0)
  }

  @Test func `upstream's loss counts a short last batch for more`() {
    // Batches of two: means 1.5, 3.5 and 10.
    #expect(Metrics.lossOfBatches(samples, sizes: [2, 2, 1]) == 5)
    #expect(Metrics.lossOfBatches(samples, sizes: [5]) == 4)
    #expect(Metrics.lossOfBatches(samples, sizes: [1, 1, 1, 1, 1]) == 4)
    #expect(Metrics.lossOfBatches([Sample](), sizes: [0, 0]) == 0)
    // Samples that could not be read: means 1, 2.5 and 7, and a batch without any.
    #expect(Metrics.lossOfBatches(samples, sizes: [1, 2, 0, 2]) == 3.5)
  }

  @Test func `differences are found by index`() {
    var others = Array(samples.reversed())
    others[0].top5 = [3, 9]
    others.remove(at: 1)
    let differences = Metrics.differences(samples, others)
    #expect(differences.map(\.first.index) == [4])
    #expect(differences[0].first.answer == 9 && differences[0].second.answer == 3)
  }

  @Test func `errors are binomial`() {
    // The published figures: 78.8 % of 50,000 has an error of 0.18 points, 84.1 % of 1,000 of 1.16.
    let imagenet = Metrics.Share(correct: 39_400, count: 50_000)
    #expect((imagenet.standardError * 1e4).rounded() == 18)
    let events = Metrics.Share(correct: 841, count: 1_000)
    #expect((events.standardError * 1e4).rounded() == 116)
    // Wilson's interval does not vanish where the error does; 20 of 20 is its textbook case.
    let all = Metrics.Share(correct: 20, count: 20)
    #expect(all.standardError == 0 && all.interval.upperBound == 1)
    #expect(abs(all.interval.lowerBound - 0.8389) < 1e-4)
    #expect(Metrics.Share(correct: 0, count: 0).interval == 0...1)
  }

  @Test func `agreement is rounding and counting`() {
    // HST-10-384 as reported, rerun in batches, and rerun sample by sample.
    let batched = Agreement(
      reported: 78.8, digits: 2, measured: .init(correct: 39_366, count: 50_000))
    #expect(batched.verdict == .agrees && abs(batched.tolerance - 0.3635) < 1e-3)
    let alone = Agreement(
      reported: 78.8, digits: 2, measured: .init(correct: 37_098, count: 50_000))
    #expect(alone.verdict == .differs)
    #expect(
      alone.words
        == "differs: -4.60 points, more than 0.39 (0.005 rounding + 1.96 x 0.196)")
    #expect(batched.words == "agrees: -0.07 points, within 0.36 (0.005 rounding + 1.96 x 0.183)")
    let same = Agreement(reported: 74.196, measured: .init(correct: 37_098, count: 50_000))
    #expect(same.verdict == .equal && same.digits == 3)
  }

  @Test func `a share without an error of its own takes that of the reported one`() {
    // Of 98.89 % ten in a row are right nine times out of ten; of 50 %, one time in a thousand.
    let ten = Metrics.Share(correct: 10, count: 10)
    let reported = Agreement(reported: 98.89, digits: 2, measured: ten)
    #expect(abs(reported.standardError - 3.3132) < 1e-3 && reported.verdict == .agrees)
    #expect(reported.words == "agrees: +1.11 points, within 6.50 (0.005 rounding + 1.96 x 3.313)")
    #expect(Agreement(reported: 50, digits: 2, measured: ten).verdict == .differs)
    let none = Metrics.Share(correct: 0, count: 10)
    #expect(Agreement(reported: 1.5, digits: 1, measured: none).verdict == .agrees)
    #expect(Agreement(reported: 98.89, digits: 2, measured: none).verdict == .differs)
  }

  @Test func `half a unit of the last digit is enough where nothing is left to chance`() {
    let all = Metrics.Share(correct: 100, count: 100)
    #expect(Agreement(reported: 100, measured: all).verdict == .equal)
    #expect(Agreement(reported: 100, digits: 1, measured: all).tolerance == 0.05)
    let nothing = Metrics.Share(correct: 0, count: 0)
    #expect(Agreement(reported: 50, digits: 1, measured: nothing).tolerance == 0.05)
  }
}
