import CanonicalJSON
import Datasets
import Digests
import FileAccess
import Foundation
import Pictures
import TestSupport
import Testing

/// IDX files, pairs of them, and the folders that hold them.
@Suite struct IDXTests {
  private let folder: ScratchFolder
  private let names = ["zero", "one", "two"]

  init() throws { folder = try ScratchFolder() }

  /// A file of pictures `[N, H, W]` or labels `[N]`.
  private static func idx(_ shape: [Int], _ elements: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(shape.count)]
      + shape.flatMap {
        [UInt8($0 >> 24), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)]
      }
      + elements
  }

  /// Pictures of 2 x 2, as many as labels; each of one value.
  private static func pair(_ labels: [UInt8], first: UInt8 = 0) -> (
    pictures: [UInt8], labels: [UInt8]
  ) {
    let pixels = labels.indices.flatMap { [UInt8](repeating: first + UInt8($0), count: 4) }
    return (idx([labels.count, 2, 2], pixels), idx([labels.count], labels))
  }

  private func write(
    _ prefix: String, _ labels: [UInt8], first: UInt8 = 0, to place: String = ""
  ) throws {
    try FileManager.default.createDirectory(
      atPath: place.isEmpty ? folder.path : folder.file(place), withIntermediateDirectories: true)
    let pair = Self.pair(labels, first: first)
    let start = place.isEmpty ? "" : place + "/"
    try TestFiles.write(pair.pictures, to: folder.file("\(start)\(prefix)-images-idx3-ubyte"))
    try TestFiles.write(pair.labels, to: folder.file("\(start)\(prefix)-labels-idx1-ubyte"))
  }

  private func read(
    _ place: String = "", labels: String? = nil, as published: PublishedIDX? = nil,
    known: [PublishedIDX.Sums] = PublishedIDX.known
  ) throws -> LabelledDataset {
    try .idx(
      place.isEmpty ? folder.path : folder.file(place), labels: labels, as: published,
      classNames: names, known: known)
  }

  private func refusal(
    _ place: String = "", labels: String? = nil, as published: PublishedIDX? = nil,
    known: [PublishedIDX.Sums] = PublishedIDX.known
  ) throws -> String? {
    try Refusal.of { _ = try read(place, labels: labels, as: published, known: known) }?.name
  }

  private static func rank(_ name: String) -> Int { name.contains("idx3") ? 3 : 1 }

  @Test(arguments: CorruptFile.all("idx"))
  func `a corrupt file is refused with the error that its name says`(_ file: CorruptFile) throws {
    #expect(
      try Refusal.of { _ = try IDXFile(path: file.path, rank: Self.rank(file.description)) }
        == file.expected)
  }

  @Test(arguments: AcceptedFile.all("idx"))
  func `a good file has its shape and its elements`(_ file: AcceptedFile) throws {
    let read = try IDXFile(path: file.path, rank: Self.rank(file.description))
    #expect(JSON.array(read.shape.map { .integer($0) }) == (try file.expected("shape")))
    let elements = Digest(bytes: read.elements.copy()).hex
    #expect(JSON.string(elements) == (try file.expected("elements")))
  }

  @Test func `a compressed file is known by its own sum and by that of its contents`() throws {
    func sums(_ name: String) throws -> [Digest] {
      try IDXFile(path: TestFiles.path("Accepted/idx/\(name)"), rank: 3).md5
    }
    let plain = try sums("pictures-idx3-ubyte")
    #expect(plain.count == 1)
    for name in ["pictures-idx3-ubyte.gz", "named-idx3-ubyte.gz"] {
      let both = try sums(name)
      #expect(both.count == 2 && both.contains(plain[0]))
    }
  }

  @Test func `a folder stands for its test part`() throws {
    try write("train", [0, 1, 2, 0])
    try write("t10k", [2, 0, 1])
    let dataset = try read()
    #expect(dataset.name == "idx" && dataset.split == "test" && dataset.classNames == names)
    #expect(dataset.samples.map(\.label) == [2, 0, 1])
    #expect(dataset.samples[1].name == "t10k-images-idx3-ubyte:1")
    #expect(dataset.greyExtent == .init(height: 2, width: 2))
    guard case .picture(let picture) = try dataset.content(of: 2) else {
      Issue.record("no picture")
      return
    }
    #expect(picture == Picture(width: 2, height: 2, channels: 1, pixels: [2, 2, 2, 2]))
    let train = try read("train-images-idx3-ubyte")
    #expect(train.split == "train" && train.count == 4)
    #expect(dataset.subset([0]).greyExtent == dataset.greyExtent)
  }

  @Test(arguments: ["", "raw", "FashionMNIST/raw"])
  func `files are found where torchvision keeps them`(_ place: String) throws {
    try write("t10k", [0], to: place)
    #expect(try read(as: .fashionMNIST).count == 1)
    // Another dataset's folder is not looked into.
    #expect((try refusal(as: .mnist) == "dataset-layout") == place.hasPrefix("Fashion"))
  }

  @Test func `names with a dot and other prefixes are usual, too`() throws {
    for (name, part) in [
      ("emnist-letters-test", "test"), ("emnist-letters-train", "train"), ("extra", "extra"),
    ] {
      try write(name, [1])
      #expect(try read("\(name)-images-idx3-ubyte").split == part)
    }
    let pair = Self.pair([0, 1])
    try TestFiles.write(pair.pictures, to: folder.file("t10k-images.idx3-ubyte"))
    try TestFiles.write(pair.labels, to: folder.file("t10k-labels.idx1-ubyte"))
    #expect(try read("t10k-images.idx3-ubyte").count == 2)
    // Two test parts: which one is meant must be said.
    #expect(try refusal() == "dataset-layout")
    try TestFiles.write(pair.pictures, to: folder.file("pixels"))
    #expect(try refusal("pixels") == "dataset-layout")
    let named = try read("pixels", labels: folder.file("t10k-labels.idx1-ubyte"))
    #expect(named.split == "all" && named.count == 2)
  }

  @Test func `missing files are named`() throws {
    #expect(try refusal() == "dataset-layout")
    try TestFiles.write(Self.pair([0]).pictures, to: folder.file("t10k-images-idx3-ubyte"))
    #expect(
      throws: DatasetFailure(
        .layout, at: folder.path, expected: "t10k-labels-idx1-ubyte, or the same with .gz",
        found: "neither")
    ) { try read() }
    #expect(try Refusal.of { _ = try read("other") }?.exitCode == 66)
  }

  @Test func `pictures and labels must be as many`() throws {
    try write("t10k", [0, 1, 2])
    for labels in [[0, 1], [0, 1, 2, 0]] as [[UInt8]] {
      try TestFiles.write(Self.pair(labels).labels, to: folder.file("t10k-labels-idx1-ubyte"))
      #expect(try refusal() == "idx-count")
    }
  }

  @Test func `a label is the index of a class, or counts from one`() throws {
    try write("t10k", [0, 3, 1])
    #expect(
      throws: IDXFailure(
        .label, at: folder.file("t10k-labels-idx1-ubyte") + ":1", expected: "a label below 3",
        found: "3")
    ) { try read() }
    try write("t10k", [1, 3, 2])
    let letters = try read()
    #expect(letters.samples.map(\.label) == [0, 2, 1])
    #expect(letters.split == "test, labels counted from 1")
    // Where the largest class is missing, nothing says where labels start.
    try write("t10k", [1, 2])
    #expect(try read().samples.map(\.label) == [1, 2])
    try write("t10k", [1, 4])
    #expect(try refusal() == "idx-label")
    // Of published datasets it is known.
    try write("t10k", [1, 3])
    #expect(try refusal(as: .mnist) == "idx-label")
  }

  @Test func `files with known sums name their dataset, and may not be called another`() throws {
    func sums(_ bytes: [UInt8]) -> [String] { [HashFunction.md5.digest(of: ByteRegion(bytes)).hex] }
    func part(_ name: PublishedIDX, _ split: String, _ labels: [UInt8], _ first: UInt8)
      -> PublishedIDX.Sums
    {
      let pair = Self.pair(labels, first: first)
      return .init(name, split, pictures: sums(pair.pictures), labels: sums(pair.labels))
    }
    let known = [
      part(.mnist, "test", [0, 1], 10), part(.mnist, "train", [1, 0], 20),
      part(.kmnist, "test", [2, 2], 30),
    ]
    try write("t10k", [0, 1], first: 10)
    for published in [nil, PublishedIDX.mnist] {
      let dataset = try read(as: published, known: known)
      #expect(dataset.name == "mnist" && dataset.split == "test")
    }
    #expect(try refusal(as: .fashionMNIST, known: known) == "idx-digest")
    // Other labels, known to be of another dataset, then unknown.
    try write("t10k", [2, 2], first: 10)
    #expect(try refusal(known: known) == "idx-digest")
    try write("t10k", [1, 1], first: 10)
    let relabelled = try read(as: .mnist, known: known)
    #expect(relabelled.name == "mnist")
    #expect(
      relabelled.split == "test by the names of the files, whose bytes are not the published ones")
    #expect(LabelledDataset.publishedCount("mnist", split: relabelled.split) == nil)
    #expect(try read(known: known).name == "idx")
    // The training part under the name of the test part.
    try write("t10k", [1, 0], first: 20)
    #expect(try refusal(known: known) == "idx-digest")
    try write("extra", [1, 0], first: 20)
    #expect(try read("extra-images-idx3-ubyte", known: known).split == "train")
  }

  @Test func `the published sums are told apart`() {
    let sums = PublishedIDX.known.flatMap { $0.pictures + $0.labels }
    #expect(sums.count == 20 && Set(sums).count == 20)
    #expect(sums.allSatisfy { Digest(hex: $0)?.bytes.count == 16 })
  }

  @Test(arguments: [(2, 0, 0), (4, 1, 1), (6, 2, 2)])
  func `zeros are put around a picture that is smaller than the input`(
    _ side: Int, _ rows: Int, _ columns: Int
  ) throws {
    let picture = Picture(width: 2, height: 2, channels: 1, pixels: [255, 0, 51, 102])
    let steps = try #require(
      PicturePreprocessing(padding: .init(height: 2, width: 2), toSide: side))
    #expect(steps.framing == .padded(rows: rows, columns: columns))
    let values = try steps.values(of: picture)
    #expect(steps.shape == [1, side, side] && values.count == side * side)
    for row in 0..<side {
      for column in 0..<side {
        let inside = (row - rows, column - columns)
        let expected: Float =
          switch inside {
          case (0, 0): 1
          case (1, 0): Float(51) / 255
          case (1, 1): Float(102) / 255
          default: 0
          }
        #expect(values[row * side + column] == expected)
      }
    }
  }

  @Test func `pictures of another shape are padded by rows and by columns, or not at all`() throws {
    func framing(_ height: Int, _ width: Int, _ side: Int) -> PicturePreprocessing.Framing? {
      PicturePreprocessing(padding: .init(height: height, width: width), toSide: side)?.framing
    }
    #expect(framing(28, 28, 32) == .padded(rows: 2, columns: 2))
    #expect(framing(20, 28, 32) == .padded(rows: 6, columns: 2))
    #expect(framing(28, 28, 24) == nil && framing(28, 28, 31) == nil && framing(28, 27, 28) == nil)
    let steps = try #require(PicturePreprocessing(padding: .init(height: 1, width: 3), toSide: 3))
    let line = Picture(width: 3, height: 1, channels: 1, pixels: [255, 255, 255])
    #expect(try steps.values(of: line) == [0, 0, 0, 1, 1, 1, 0, 0, 0])
    let turned = Picture(width: 1, height: 3, channels: 1, pixels: [255, 255, 255])
    #expect(try Refusal.of { _ = try steps.values(of: turned) }?.name == "dataset-sample")
  }
}
