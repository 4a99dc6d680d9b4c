import Datasets
import Diagnostics
import Digests
import Foundation
import TestSupport
import Testing

/// Which folder is which class.
@Suite struct ClassRuleTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// The classes by index of folders of some names, with the notes.
  private func classes(
    _ names: [String], _ rule: ClassRule = .folders()
  ) throws -> (names: [String], notes: [String]) {
    let picture = try TestFiles.bytes(TestFiles.path("Accepted/pictures/grey.png"))
    for name in names {
      let path = folder.file(name)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try TestFiles.write(picture, to: path + "/a.png")
    }
    let dataset = try LabelledDataset.imageFolder(folder.path, name: "folder", rule: rule)
    #expect(
      dataset.samples.map { dataset.classNames[$0.label] + "/a.png" }
        == dataset.samples.map(\.name))
    return (dataset.classNames, dataset.notes)
  }

  private func failure(_ names: [String], _ rule: ClassRule = .folders()) throws -> DatasetFailure?
  {
    do {
      _ = try classes(names, rule)
      return nil
    } catch let failure as DatasetFailure {
      return failure
    }
  }

  // MARK: ImageNet

  @Test func `the ids of ImageNet are the published ones`() {
    let ids = ImageNetClasses.identifiers
    #expect(ids.count == 1000 && ids == ids.sorted() && Set(ids).count == 1000)
    #expect(ids[0] == "n01440764" && ids[207] == "n02099601" && ids[388] == "n02510455")
    #expect(
      SHA256.digest(of: ids.map { $0 + "\n" }.joined()).hex
        == "70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15")
  }

  @Test func `ImageNet's folders are taken in any order they are listed`() throws {
    let (names, notes) = try classes(ImageNetClasses.identifiers.reversed(), .imagenet)
    #expect(names == ImageNetClasses.identifiers && notes == [])
  }

  private static let otherFolders: [(names: [String], found: String)] = [
    ((0..<1000).map(String.init), "1000 other names, as 0"),
    ((1...1000).map(String.init), "1000 other names, as 1"),
    ((0..<1000).map { "class\($0)" }, "1000 other names, as class0"),
    (ImageNetClasses.identifiers.dropLast() + ["n15092227"], "1 other names, as n15092227"),
  ]

  @Test(arguments: otherFolders.indices)
  func `folders of other names are no ImageNet`(_ index: Int) throws {
    let (names, found) = Self.otherFolders[index]
    let failure = try #require(try failure(names, .imagenet))
    #expect(failure.name == "dataset-classes" && failure.exitCode == 65)
    #expect(failure.place == folder.path && failure.found == found)
    #expect(failure.expected.contains("--dataset folder with --class-names FILE"))
  }

  @Test func `a list of ImageNet's ids may be of some classes`() throws {
    func labels(_ text: String) throws -> LabelList {
      try TestFiles.write(Array(text.utf8), to: folder.file("list"))
      return try LabelList(imagenet: folder.file("list"))
    }
    #expect(try labels("a n15075141\nb n01440764\n").classNames == ImageNetClasses.identifiers)
    let picture = try TestFiles.bytes(TestFiles.path("Accepted/pictures/grey.png"))
    for name in ["a.png", "b.png"] { try TestFiles.write(picture, to: folder.file(name)) }
    let dataset = try LabelledDataset.flatFolder(
      folder.path, labels: labels("a n15075141\nb n01440764\n"), name: "imagenet-1k")
    #expect(dataset.samples.map(\.label) == [0, 999])
    #expect(dataset.samples.map(\.name) == ["b.png", "a.png"])
    // An id of a class that is none of the 1,000.
    let other = try Refusal.of { _ = try labels("a n15092227\n") }
    #expect(other == Refusal(name: "dataset-labels", exitCode: 65))
  }

  // MARK: Folders of one's own

  @Test func `folders that have the names of labels are matched by them`() throws {
    let shapes = ["square", "circle", "triangle"]
    let (names, notes) = try classes(shapes, .folders(known: [shapes], count: 3))
    #expect(names == shapes && notes == [])
  }

  @Test func `the second list of names is as good as the first`() throws {
    let numbers = (0..<12).map(String.init)
    let words = numbers.map { "word\($0)" }
    #expect(try classes(numbers, .folders(known: [words, numbers], count: 12)).names == numbers)
  }

  @Test func `folders that have some of the names are refused`() throws {
    let rule = ClassRule.folders(known: [["square", "circle", "triangle"]], count: 3)
    let failure = try #require(try failure(["square", "circle", "triangles"], rule))
    #expect(failure.found == "1 other names, as triangles" && failure.name == "dataset-classes")
    #expect(failure.expected.contains("3 classes of the model, as triangle"))
  }

  @Test func `folders of other names are taken in their order, which is said`() throws {
    let known = ClassRule.folders(known: [["x", "y"]], count: 2)
    #expect(
      try classes(["b", "a"], known).notes == [
        "classes are taken in the order of the folders' names: none is a label of the model"
      ])
    let (names, notes) = try classes(["b", "a"])
    #expect(names == ["a", "b"])
    #expect(
      notes == [
        "classes are taken in the order of the folders' names: no labels of the model are known"
      ])
  }

  @Test(arguments: [
    ((0..<12).map(String.init), "11 comes before 2"),
    ((1...10).map(String.init), "10 comes before 2"),
    (["7", "100", "30"], "100 comes before 30"),
  ])
  func `numbers that sort otherwise as texts are refused`(_ names: [String], _ found: String) throws
  {
    let failure = try #require(try failure(names))
    #expect(failure.name == "dataset-classes" && failure.found.contains(found), "\(failure.found)")
    #expect(failure.expected.contains("--class-names FILE"))
  }

  @Test(arguments: [
    (0..<10).map(String.init), (0..<12).map { $0 < 10 ? "0\($0)" : "\($0)" }, ["1a", "10a", "2a"],
  ])
  func `names of one order are taken`(_ names: [String]) throws {
    #expect(try classes(names).names == names.sorted())
  }

  @Test func `a list of names decides`() throws {
    let names = (0..<12).map(String.init)
    #expect(try classes(names, .exactly(names, of: "names.txt")).names == names)
    let failure = try #require(
      try failure(names, .exactly(names.dropLast() + ["x"], of: "names.txt")))
    #expect(failure.found == "1 other names, as 11" && failure.expected.contains("names.txt"))
  }
}
