import Diagnostics
import Evaluation
import SpikeTensors
import TensorFiles
import TestSupport
import Testing

/// Files of labelled samples.
@Suite struct LabelledSamplesTests {
  private func read(
    _ tensors: [String: Tensor], _ metadata: [String: String] = [:]
  ) throws -> LabelledSamples {
    let folder = try ScratchFolder()
    return try withExtendedLifetime(folder) {
      let path = folder.file("two-test.safetensors")
      try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
      return try LabelledSamples(path: path)
    }
  }

  private func labels(_ count: Int) -> Tensor {
    Tensor([count], (0..<count).map { UInt64($0) })
  }

  @Test func `images are divided as the metadata says`() throws {
    let images = Tensor([2, 1, 1, 2], [0, 1, 128, 255] as [UInt8])
    let samples = try read(["images": images, "labels": labels(2)], ["preprocessing": "x / 255"])
    #expect(samples.name == "two-test" && samples.labels == [0, 1])
    #expect(samples.images.shape == [2, 1, 1, 2])
    #expect(
      try samples.images.floats(name: "images") == [0, 1 / 255, 128 / 255, 1] as [Float])
  }

  @Test func `event frames are bits, least significant first`() throws {
    let frames = Tensor([1, 2, 1, 1, 2], [0b0000_0001, 0b1000_0000, 0b0000_0110, 0] as [UInt8])
    let samples = try read(["frames": frames, "labels": labels(1)])
    #expect(samples.images.shape == [1, 2, 1, 1, 16])
    let values = try samples.images.floats(name: "frames")
    #expect(values.indices.filter { values[$0] == 1 } == [0, 15, 17, 18])
    #expect(values.allSatisfy { $0 == 0 || $0 == 1 })
  }

  @Test(arguments: [UInt64.max, 1_000_000, 1 << 63])
  func `labels that are no classes are refused`(_ label: UInt64) throws {
    let images = Tensor([2, 1, 1, 1], [0, 1] as [UInt8])
    let tensors = ["images": images, "labels": Tensor([2], [0, label])]
    #expect(
      try Refusal.of { _ = try read(tensors, ["preprocessing": "x / 255"]) }
        == Refusal(name: "evaluation-data", exitCode: 65))
    let signed = ["images": images, "labels": Tensor([2], [0, -1] as [Int64])]
    #expect(
      try Refusal.of { _ = try read(signed, ["preprocessing": "x / 255"]) }
        == Refusal(name: "evaluation-data", exitCode: 65))
  }

  @Test func `a file of any name names its samples`() {
    let names = ["a/b-test.safetensors", "...", "x/..", ".hidden"].map(LabelledSamples.name)
    #expect(names == ["b-test", "...", "..", "hidden"])
  }

  @Test func `other files are refused`() throws {
    let frames = Tensor([1, 1, 1, 1, 1], [1] as [UInt8])
    let images = Tensor([1, 1, 1, 1], [1] as [UInt8])
    let floats = Tensor([1, 1, 1, 1, 1], [1] as [Float])
    let none = Tensor([0, 1, 1, 1, 1], [UInt8]())
    let flat = Tensor([1, 1, 1, 0, 1 << 50], [UInt8]())
    for tensors in [
      ["frames": frames, "labels": labels(2)], ["frames": floats, "labels": labels(1)],
      ["frames": images, "labels": labels(1)], ["frames": none, "labels": labels(0)],
      ["frames": flat, "labels": labels(1)],
    ] {
      #expect {
        _ = try read(tensors)
      } throws: { error in
        (error as? EvaluationFailure)?.expected.hasPrefix("frames u8 [n, T, C, H, W / 8]") == true
      }
    }
    #expect(throws: EvaluationFailure.self) { try read(["images": images, "labels": labels(1)]) }
  }
}
