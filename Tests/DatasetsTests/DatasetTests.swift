import CanonicalJSON
import Datasets
import Diagnostics
import Digests
import Foundation
import Pictures
import SpikeTensors
import TestSupport
import Testing

/// Readers of datasets, and the loader.
@Suite struct DatasetTests {
  private let folder: ScratchFolder
  private static let picture = TestFiles.path("Accepted/pictures/grey.png")

  init() throws { folder = try ScratchFolder() }

  /// Class folders with some good pictures and, if asked for, a broken one.
  private func makeFolders(isBroken: Bool = false) throws -> String {
    let good = try TestFiles.bytes(Self.picture)
    for name in ["b/2.png", "b/10.png", "a/x/1.PNG", "a/z.png", "a/notes.txt"] {
      try write(good, to: "val/" + name)
    }
    if isBroken { try write(Array(good.prefix(50)), to: "val/a/y.png") }
    return folder.path
  }

  private func write(_ bytes: [UInt8], to name: String) throws {
    let path = folder.file(name)
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    try TestFiles.write(bytes, to: path)
  }

  /// The classes of a list of class numbers with a development kit's table beside it.
  private func classes(besides table: String) throws -> [String] {
    try write(try TestFiles.bytes(table), to: "meta.mat")
    try write(Array("2\n1\n".utf8), to: "numbers.txt")
    return try LabelList(path: folder.file("numbers.txt"), classCount: 2).classNames
  }

  @Test(arguments: CorruptFile.all("mat"))
  func `a corrupt development kit is refused with the error that its name says`(
    _ file: CorruptFile
  ) throws {
    #expect(try Refusal.of { _ = try classes(besides: file.path) } == file.expected)
  }

  @Test(arguments: AcceptedFile.all("mat"))
  func `a good development kit gives the classes`(_ file: AcceptedFile) throws {
    let classes = JSON.array(try classes(besides: file.path).map { .string($0) })
    #expect(classes == (try file.expected("classes")))
  }

  @Test func `event files are found among other files and folders, in any case`() throws {
    let root = folder.file("events")
    func holds() throws -> Bool { try LabelledDataset.holdsCIFAR10DVSEvents(root) }
    #expect(try !holds())
    for name in ["README.txt", "0.zip", "a.d/notes.txt", "airplane/frames.npz", "x.aedat"] {
      try write([], to: "events/\(name)")
    }
    #expect(try !holds())
    try write([], to: "events/bird/1.AEDAT")
    #expect(try holds())
    // SpikingJelly unpacks into a folder `extract`, which then counts alone.
    try write([], to: "events/extract/README.txt")
    #expect(try !holds())
    try write([], to: "events/extract/cat/2.aedat")
    #expect(try holds())
  }

  @Test(arguments: ["", "DvsGesture/", "extract/DvsGesture/"])
  func `trials of gestures are found where they are read`(_ place: String) throws {
    let root = folder.file("gestures")
    try write([], to: "gestures/README.txt")
    #expect(!LabelledDataset.holdsGestureTrials(root))
    try write([], to: "gestures/\(place)trials_to_test.txt")
    #expect(LabelledDataset.holdsGestureTrials(root))
    // The list is empty, so the reader that was chosen misses the clips.
    #expect(
      try Refusal.of { _ = try LabelledDataset.gesture(root, frames: 16) }
        == Refusal(name: "dataset-classes", exitCode: 65))
  }

  @Test func `class folders are read in the order of ImageFolder`() throws {
    let dataset = try LabelledDataset.imageFolder(
      makeFolders(), name: "x", rule: .folders(count: 2))
    #expect(dataset.classNames == ["a", "b"])
    #expect(dataset.samples.map(\.name) == ["a/z.png", "a/x/1.PNG", "b/10.png", "b/2.png"])
    #expect(dataset.samples.map(\.label) == [0, 0, 1, 1])
    let subset = dataset.subset([3, 0])
    #expect(subset.samples.map(\.name) == ["b/2.png", "a/z.png"])
  }

  @Test func `a wrong folder and a missing class are named`() throws {
    let path = try makeFolders()
    func refusal(_ path: String, _ count: Int?) throws -> Refusal? {
      try Refusal.of {
        _ = try LabelledDataset.imageFolder(path, name: "x", rule: .folders(count: count))
      }
    }
    #expect(try refusal(path, 1000) == Refusal(name: "dataset-classes", exitCode: 65))
    #expect(try refusal(path + "/val/b", nil) == Refusal(name: "dataset-layout", exitCode: 66))
    #expect(try refusal(path + "/none", nil) == Refusal(name: "dataset-layout", exitCode: 66))
    // A link that leads upwards ends, too.
    try FileManager.default.createSymbolicLink(
      atPath: path + "/val/a/up", withDestinationPath: path + "/val/a")
    #expect(try refusal(path, nil) == Refusal(name: "dataset-layout", exitCode: 66))
  }

  @Test func `a broken picture ends the reading, or is listed`() throws {
    let dataset = try LabelledDataset.imageFolder(makeFolders(isBroken: true), name: "x")
    let strict = SampleLoader(dataset, .imagenet(side: 32))
    #expect(
      try Refusal.of { try strict.forEachBatch([[0, 1, 2]]) { _ in } }
        == Refusal(name: "picture-truncated", exitCode: 65))
    let lenient = SampleLoader(dataset, .imagenet(side: 32), skipsBadSamples: true)
    var seen: [[Int]] = []
    let excluded = try lenient.forEachBatch([[0], [1, 2], [3, 4]]) { batch in
      seen.append(batch.indices)
      #expect(batch.input.shape == [batch.indices.count, 3, 32, 32])
      #expect(batch.labels == batch.indices.map { dataset.samples[$0].label })
    }
    #expect(seen == [[1, 2], [3, 4]], "the batch of the broken picture alone is empty")
    #expect(excluded.map(\.name) == ["a/y.png"] && excluded[0].index == 0)
    #expect(excluded[0].failure.place.hasSuffix("val/a/y.png"))
  }

  @Test func `batches come in order and hold what is read alone`() throws {
    let count = 53
    let dataset = LabelledDataset(
      name: "numbers", split: "all", classNames: ["x"],
      samples: (0..<count).map { .init(name: "\($0)", label: 0) }
    ) { .tensor(Tensor([2], [Float($0), Float(2 * $0)])) }
    let loader = SampleLoader(dataset, nil)
    var values: [Float] = []
    try loader.forEachBatch([Array(0..<20), Array(20..<50), Array(50..<53)]) { batch in
      values += try batch.input.floats(name: "batch")
    }
    let expected: [Float] = (0..<count).flatMap { index in [Float(index), Float(2 * index)] }
    #expect(values == expected)
    #expect(
      try Refusal.of { _ = try SampleLoader(dataset, .cifar()).input(0) }?.name == "dataset-sample")
  }

  @Test func `an error of the reader of batches stops the reading`() throws {
    struct Stop: Error {}
    let dataset = try LabelledDataset.imageFolder(makeFolders(), name: "x")
    let loader = SampleLoader(dataset, .cifar())
    var calls = 0
    #expect(throws: Stop.self) {
      try loader.forEachBatch([[0], [1], [2]]) { _ in
        calls += 1
        throw Stop()
      }
    }
    #expect(calls == 1)
  }

  @Test func `the two arithmetics of CIFAR differ in the last bits only`() throws {
    let picture = Picture(
      width: 256, height: 1, channels: 1, pixels: (0..<256).map { UInt8($0) })
    let square = Picture(
      width: 16, height: 16, channels: 3, pixels: picture.pixels.flatMap { [$0, $0, $0] })
    let exact = try PicturePreprocessing.cifar(side: 16, isPrefetched: false).values(of: square)
    let prefetched = try PicturePreprocessing.cifar(side: 16).values(of: square)
    let differences = zip(exact, prefetched).map { ($0 - $1).magnitude }
    #expect(differences.max().map { $0 > 0 && $0 <= 2.4e-7 } == true)
    // Of 256 values in each channel between 141 and 210 differ.
    for channel in 0..<3 {
      let differing = differences[channel * 256..<(channel + 1) * 256].filter { $0 > 0 }.count
      #expect((141...210).contains(differing), "\(differing)")
    }
  }

  @Test func `the released code's sizes before the cut`() {
    #expect(PicturePreprocessing.imagenet(side: 224).framing == .resized(shorterSide: 256))
    #expect(PicturePreprocessing.imagenet(side: 192).framing == .resized(shorterSide: 219))
    #expect(PicturePreprocessing.imagenet(side: 288).framing == .resized(shorterSide: 288))
    #expect(PicturePreprocessing.imagenet(side: 384).framing == .resized(shorterSide: 384))
  }

  @Test func `a picture's input has torchvision's bits`() throws {
    // (0.5 / 255 ...): by hand, in float32, for one grey pixel of value 7.
    let picture = Picture(width: 1, height: 1, channels: 1, pixels: [7])
    let values = try PicturePreprocessing(
      shorterSide: 1, side: 1, colours: .rgb,
      normalisation: .standardised(
        mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
    ).values(of: picture)
    let x = Float(7) / Float(255)
    #expect(values == [(x - 0.485) / 0.229, (x - 0.456) / 0.224, (x - 0.406) / 0.225])
  }
}
