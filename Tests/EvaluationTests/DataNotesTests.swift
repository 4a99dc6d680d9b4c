import CanonicalJSON
import Datasets
import Diagnostics
import Evaluation
import SpikeInference
import SpikingModels
import TestSupport
import Testing

/// What is known and not known of the data stands in the result.
@Suite struct DataNotesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func header(_ name: String) throws -> JSON {
    try JSON(parsing: TestFiles.bytes(folder.file(name) + "/run.json"), at: name)
  }

  @Test func `notes and the classes of folders are in the header, and are read again`() throws {
    let evaluation = try TinyEvaluation(notes: ["nobody knows"])
    let result = try evaluation.run(into: folder.file("a"), classes: ["cat", "dog"])
    #expect(result.header.notes == ["nobody knows"])
    #expect(result.header.data.classes == ["cat", "dog"])
    #expect(try header("a")["notes"] == ["nobody knows"])
    #expect(try header("a")["data"]?["classes"] == ["cat", "dog"])
  }

  @Test func `a header of data of which all is known says nothing more`() throws {
    _ = try TinyEvaluation().run(into: folder.file("a"))
    #expect(try header("a")["notes"] == nil && header("a")["data"]?["classes"] == nil)
  }

  @Test func `folders of other classes are other data`() throws {
    let evaluation = try TinyEvaluation()
    let interrupted = try Refusal.of {
      _ = try evaluation.run(into: folder.file("a"), classes: ["cat", "dog"], stopAfter: 1)
    }
    #expect(interrupted == Refusal(name: "evaluation-interrupted", exitCode: 75))
    let other = try Refusal.of {
      _ = try evaluation.run(into: folder.file("a"), classes: ["dog", "cat"])
    }
    #expect(other == Refusal(name: "evaluation-other-data", exitCode: 64))
  }

  @Test(arguments: [Set<Int>(), [4], [0, 7, 22]])
  func `clips without events are counted wherever samples are read`(_ empty: Set<Int>) throws {
    let evaluation = try TinyEvaluation(empty: empty, family: .dvs)
    let result = try evaluation.run(into: folder.file("a"))
    #expect(result.samplesWithoutEvents == empty.count && result.samples.count == 23)
    let plan = NetworkPlan(evaluation.checkpoint.configuration)
    let engine = try ForwardEngine.fast.prepare(
      plan.graph, ModelWeights(plan.graph, parameters: evaluation.checkpoint.parameters), threads: 1
    )
    let loader = SampleLoader(evaluation.dataset, nil)
    #expect(try SplitEvaluation(engine, loader).samplesWithoutEvents == empty.count)
    let difference = try AnswerDifference((engine, loader), (engine, loader))
    #expect(difference.samplesWithoutEvents == empty.count)
  }

  @Test func `a black picture is no clip`() throws {
    let result = try TinyEvaluation(empty: [3]).run(into: folder.file("a"))
    #expect(result.samplesWithoutEvents == 0)
  }

  @Test func `the protocol states the numbers of the preprocessing`() throws {
    func words(_ preprocessing: PicturePreprocessing) -> String {
      EvaluationProtocol(
        name: .perImage, dataset: "folder", split: "val", scope: .sample, batchSize: 32,
        order: .file, timeSteps: 4, size: SpatialSize(height: 32, width: 32),
        preprocessing: preprocessing.json, reportedPrecision: nil, source: "a test"
      ).words
    }
    #expect(
      words(.cifar()).contains(
        "rgb, bicubic to 32, middle 32, (x - 255 mean) / (255 deviation), "
          + "mean 0.4914 0.4822 0.4465, deviation 0.247 0.2435 0.2616;"))
    #expect(words(.imagenet(side: 224)).contains("bicubic to 256, middle 224, "))
    #expect(
      words(.imagenet(side: 224)).contains("mean 0.485 0.456 0.406, deviation 0.229 0.224 0.225;"))
  }
}
