import Datasets
import Evaluation
import SpikeInference
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Two models on the same labelled samples.
@Suite struct AnswerDifferenceTests {
  private func engine(_ classes: Int = 5) throws -> any ForwardPass {
    var configuration = TinyModel.configuration()
    configuration.classes = classes
    let checkpoint = TinyModel.checkpoint(configuration)
    return try ForwardEngine.fast.prepare(
      checkpoint.graph, ModelWeights(checkpoint.graph, parameters: checkpoint.parameters))
  }

  private func samples(_ labels: [Int]) -> LabelledDataset {
    LabelledDataset(
      name: "noise", split: "all", classNames: (0..<5).map(String.init),
      samples: labels.enumerated().map { .init(name: "noise:\($0)", label: $1) }
    ) { index in
      var random = RepeatableRandom(seed: UInt64(index) + 1)
      return .tensor(
        Tensor([3, 16, 16], (0..<768).map { _ in Float.random(in: -2...2, using: &random) }))
    }
  }

  @Test func `a model answers as itself`() throws {
    let engine = try engine()
    let data = SampleLoader(samples([0, 1, 2, 3, 4, 0]), nil)
    let found = try AnswerDifference((engine, data), (engine, data))
    #expect(found.changes.isEmpty && found.difference == 0 && found.includesZero)
    #expect(found.count == 6 && found.correct[0] == found.correct[1])
    // No change at all does not pass for certainty.
    #expect(found.interval.lowerBound < 0 && found.interval.upperBound > 0)
  }

  @Test func `a class that a model lacks is refused`() throws {
    let engine = try engine()
    let data = SampleLoader(samples([0, 5]), nil)
    #expect {
      _ = try AnswerDifference((engine, data), (engine, data))
    } throws: { error in
      (error as? EvaluationFailure)?.code == .fit
    }
  }
}
