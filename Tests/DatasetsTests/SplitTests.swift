import Datasets
import Diagnostics
import Digests
import Foundation
import TestSupport
import Testing

/// Samples of another split are refused, whatever their file or folder is called.
@Suite struct SplitTests {
  private let folder: ScratchFolder
  private static let picture = TestFiles.path("Accepted/pictures/grey.png")

  init() throws { folder = try ScratchFolder() }

  private func write(_ bytes: [UInt8], to name: String) throws {
    let path = folder.file(name)
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    try TestFiles.write(bytes, to: path)
  }

  private func failure(_ reading: () throws -> Void) throws -> DatasetFailure? {
    do {
      try reading()
      return nil
    } catch let failure as DatasetFailure {
      return failure
    }
  }

  // MARK: CIFAR

  /// Records of CIFAR-10, or of CIFAR-100 with a coarse label before the fine one.
  private func cifar(labels: [Int], coarse: Bool = false) -> [UInt8] {
    labels.flatMap { label in
      (coarse ? [7] : []) + [UInt8(label)] + [UInt8](repeating: UInt8(label), count: 3072)
    }
  }

  private func sha1(_ name: String) throws -> Digest {
    try HashFunction.sha1.digest(ofFile: folder.file(name))
  }

  @Test func `SHA-1 is that of RFC 3174`() throws {
    try write(Array("abc".utf8), to: "abc")
    #expect(try sha1("abc").hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
  }

  @Test func `a training file under the name of the test file is refused`() throws {
    try write(cifar(labels: [1, 2, 3, 4]), to: "test_batch.bin")
    try write(cifar(labels: [4, 3, 2, 1]), to: "other.bin")
    let files = PublishedFiles(
      test: try sha1("other.bin"), training: ["data_batch_2.bin": try sha1("test_batch.bin")])
    for path in [folder.path, folder.file("test_batch.bin")] {
      let failure = try #require(
        try failure { _ = try LabelledDataset.cifar10(path, count: 4, files: files) })
      #expect(failure.name == "dataset-split" && failure.exitCode == 65)
      #expect(failure.found == "data_batch_2.bin of the training split")
      #expect(failure.place == folder.file("test_batch.bin"))
    }
    // The test file under any name is the test split, and nothing is to be said.
    let test = try LabelledDataset.cifar10(folder.file("other.bin"), count: 4, files: files)
    #expect(test.samples.map(\.label) == [4, 3, 2, 1] && test.notes == [])
  }

  @Test func `a training file of CIFAR-100 is refused by its name, not by its size`() throws {
    try write(cifar(labels: [1, 2, 3], coarse: true), to: "test.bin")
    let files = PublishedFiles(
      test: try sha1("test.bin"), training: ["train.bin": try sha1("test.bin")])
    let training = PublishedFiles(
      test: Digest(bytes: []), training: ["train.bin": try sha1("test.bin")])
    #expect(
      try failure { _ = try LabelledDataset.cifar100(folder.path, count: 1, files: training) }?
        .found
        == "train.bin of the training split")
    #expect(try LabelledDataset.cifar100(folder.path, count: 3, files: files).notes == [])
  }

  @Test func `a file that nobody published is said`() throws {
    try write(cifar(labels: [0, 1]), to: "test_batch.bin")
    let dataset = try LabelledDataset.cifar10(folder.path, count: 2)
    let digest = try sha1("test_batch.bin")
    #expect(
      dataset.notes == [
        "test_batch.bin is none of the published files (SHA-1 \(digest)): nothing proves that it is "
          + "the test split"
      ])
    #expect(dataset.subset([1]).notes == dataset.notes)
  }

  @Test func `ten thousand pictures that are not a thousand of each class are no test split`()
    throws
  {
    var labels = (0..<10_000).map { $0 % 10 }
    try write(cifar(labels: labels), to: "test_batch.bin")
    #expect(try LabelledDataset.cifar10(folder.path).count == 10_000)
    labels[17] = 8
    try write(cifar(labels: labels), to: "test_batch.bin")
    let failure = try #require(try failure { _ = try LabelledDataset.cifar10(folder.path) })
    #expect(failure.name == "dataset-split" && failure.found == "999 of class 7")
  }

  // MARK: ImageNet

  /// ImageNet-1K with one picture in each class, of some name.
  private func imagenet(_ name: (_ class: String) -> String) throws -> LabelledDataset {
    let picture = try TestFiles.bytes(Self.picture)
    for identifier in ImageNetClasses.identifiers {
      try write(picture, to: "\(identifier)/\(name(identifier))")
    }
    return try .imageFolder(folder.path, name: "imagenet-1k", rule: .imagenet)
  }

  @Test func `pictures of ImageNet's training split are refused`() throws {
    let failure = try #require(try failure { _ = try imagenet { "\($0)_10026.JPEG" } })
    #expect(failure.name == "dataset-split" && failure.place == folder.path)
    #expect(failure.found == "1000 training pictures, as n01440764_10026.JPEG")
  }

  @Test func `pictures of ImageNet's validation split need no note`() throws {
    let dataset = try imagenet { _ in "ILSVRC2012_val_00000293.JPEG" }
    #expect(dataset.notes == [] && dataset.count == 1000)
    #expect(dataset.samples[207].name.hasPrefix("n02099601/") && dataset.samples[207].label == 207)
  }

  @Test func `pictures of unknown names are noted`() throws {
    let dataset = try imagenet { _ in "00ff7e.jpeg" }
    #expect(
      dataset.notes == [
        "1000 of 1000 pictures are not named ILSVRC2012_val_..., as 00ff7e.jpeg: nothing proves that "
          + "they are of the validation split"
      ])
  }

  // MARK: DVS128 Gesture

  private func frames(_ user: String) throws {
    for gesture in 0..<11 { try write([], to: "\(gesture)/\(user)_led_0.npz") }
  }

  @Test(arguments: ["user01", "user7", "user23"])
  func `cached frames of a training user are refused`(_ user: String) throws {
    try frames(user)
    let failure = try #require(try failure { _ = try LabelledDataset.gestureFrames(folder.path) })
    #expect(failure.name == "dataset-split" && failure.place == folder.path)
    #expect(failure.found == "11 of 11 of the training split, as 0/\(user)_led_0.npz")
  }

  @Test func `cached frames of test users need no note, of others one`() throws {
    try frames("user24")
    try frames("user29")
    #expect(try LabelledDataset.gestureFrames(folder.path).notes == [])
    try frames("somebody")
    #expect(
      try LabelledDataset.gestureFrames(folder.path).notes == [
        "11 of 33 clips are not named after one of the users of the test split, as "
          + "0/somebody_led_0.npz: their split is not known"
      ])
  }

  @Test func `a list of training recordings is no list of test recordings`() throws {
    try write(Array("user24_led.aedat\nuser05_lab.aedat\n".utf8), to: "trials_to_test.txt")
    let failure = try #require(
      try failure { _ = try LabelledDataset.gesture(folder.path, frames: 16) })
    #expect(failure.name == "dataset-split" && failure.place.hasSuffix("trials_to_test.txt"))
    #expect(failure.found == "1 of 2 of the training split, as user05_lab.aedat")
  }
}
