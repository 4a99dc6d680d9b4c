import Diagnostics
import FileAccess

/// Where the pictures and the labels of one part are.
///
/// Names are the usual ones: `PREFIX-images-idx3-ubyte` and `PREFIX-labels-idx1-ubyte`, with a dot for the
/// second hyphen, and with `.gz` or without.
struct IDXPaths {
  let pictures: String
  let labels: String

  /// The two files that a path stands for: one of pictures, or a folder with a test part. Of a file that is
  /// there both compressed and not, the latter is taken.
  init(_ path: String, labels: String?, published: PublishedIDX?) throws {
    _ = try Files.stamp(of: path)
    pictures =
      Files.isDirectory(path) ? try Self.testPictures(in: path, published?.folder) : path
    self.labels = try labels ?? Self.labels(of: pictures)
  }

  /// What stands in front of `images`, as in `t10k` and `emnist-letters-test`; `nil` where the name is not
  /// a usual one.
  var prefix: String? { Self.prefix(ofPictures: Files.name(of: pictures)) }

  /// The part by the files' names: `test`, `train` or the name's prefix; `all` where nothing is said.
  var split: String {
    guard let prefix else { return "all" }
    if Self.isTest(prefix) { return "test" }
    return prefix.hasSuffix("train") ? "train" : prefix
  }

  private static let endings = [
    (pictures: "-images-idx3-ubyte", labels: "-labels-idx1-ubyte"),
    (pictures: "-images.idx3-ubyte", labels: "-labels.idx1-ubyte"),
  ]

  private static func prefix(ofPictures name: String) -> String? {
    let plain = name.withoutGzipEnding
    return endings.first { plain.hasSuffix($0.pictures) }
      .map { String(plain.dropLast($0.pictures.count)) }
  }

  /// Whether a name is that of a test part's pictures.
  static func isTestPictures(_ name: String) -> Bool {
    prefix(ofPictures: name).map(isTest) ?? false
  }

  private static func isTest(_ prefix: String) -> Bool {
    prefix == "t10k" || prefix.hasSuffix("test")
  }

  /// The pictures of the one test part in a folder, or in the folders below that torchvision makes.
  private static func testPictures(in folder: String, _ name: String?) throws -> String {
    let below = ["raw"] + (name.map { ["\($0)/raw"] } ?? [])
    let folders = [folder] + below.map { Files.join(folder, $0) }.filter(Files.isDirectory)
    for folder in folders {
      let names = try Files.repairedNames(in: folder).filter(isTestPictures)
      let parts = Set(names.map(\.withoutGzipEnding)).sorted()
      guard parts.count < 2 else {
        throw DatasetFailure(
          .layout, at: folder, expected: "one test part, or the path of a file of pictures",
          found: parts.joined(separator: ", "))
      }
      if let name = names.first { return Files.join(folder, name) }
    }
    throw DatasetFailure(
      .layout, at: folder, expected: "t10k-images-idx3-ubyte, or the same with .gz",
      found: "neither")
  }

  private static func labels(of pictures: String) throws -> String {
    let name = Files.name(of: pictures).withoutGzipEnding
    guard let ending = endings.first(where: { name.hasSuffix($0.pictures) }) else {
      throw DatasetFailure(
        .layout, at: pictures,
        expected: "a name that ends in -images-idx3-ubyte, or the file of labels",
        found: "another name, and no labels")
    }
    let wanted = name.dropLast(ending.pictures.count) + ending.labels
    let path = Files.join(Files.directory(of: pictures), String(wanted))
    guard let found = [path, path + ".gz"].first(where: Files.exists) else {
      throw DatasetFailure(
        .layout, at: Files.directory(of: pictures), expected: "\(wanted), or the same with .gz",
        found: "neither")
    }
    return found
  }
}

extension String {
  /// The name of a file without `.gz` at its end.
  var withoutGzipEnding: String { hasSuffix(".gz") ? String(dropLast(3)) : self }
}
