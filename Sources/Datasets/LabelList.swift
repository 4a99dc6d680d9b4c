import Diagnostics
import FileAccess

/// The class of each picture of a folder or archive that has no class folders.
///
/// Understood are lines `NAME LABEL`, separated by comma, space or tab, with or without a header
/// and with anything behind (as `LOC_val_solution.csv` and Caffe's `val.txt`); lines `LABEL` in the
/// order of the names (as TensorFlow's `imagenet_2012_validation_synset_labels.txt`); and the list
/// of the ILSVRC2012 development kit with its `meta.mat` beside it. A label is a WordNet id, of which
/// the list must name every class's, or the index of a class from 0.
public struct LabelList: Sendable {
  /// The classes by index: WordNet ids in order, or numbers.
  public let classNames: [String]
  /// By name without folder and suffix; for lists without names by position.
  private let labels: Labels
  private let place: String

  private enum Labels {
    case byName([String: Int])
    case inOrder([Int])
  }

  /// No list is larger.
  private static let sizeLimit = 64 << 20

  /// Reads a list.
  ///
  /// WordNet ids of classes are in their order, so the list must name every class.
  ///
  /// - Parameter classCount: how many classes there must be.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public init(path: String, classCount: Int) throws {
    try self.init(path: path, classCount: classCount, identifiers: nil)
  }

  /// Reads a list of ImageNet-1K, whose WordNet ids are known: it may be of some classes only.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public init(imagenet path: String) throws {
    let identifiers = ImageNetClasses.identifiers
    try self.init(path: path, classCount: identifiers.count, identifiers: identifiers)
  }

  private init(path: String, classCount: Int, identifiers: [String]?) throws {
    let rows = try Self.rows(path)
    let hasNames = (rows.first?.count ?? 0) > 1
    guard !rows.isEmpty, rows.allSatisfy({ ($0.count > 1) == hasNames }) else {
      throw DatasetFailure(
        .labels, at: path, expected: "lines `NAME LABEL`, or lines `LABEL`",
        found: rows.isEmpty ? "no lines" : "some of both")
    }
    let texts = rows.map { String($0[hasNames ? 1 : 0]) }
    let classes =
      if texts.allSatisfy(Self.isWordNetID) {
        ClassIndex(names: Set(identifiers ?? texts))
      } else if hasNames {
        ClassIndex(count: classCount)
      } else {
        try Self.kit(besides: path, identifiers)
      }
    guard classes.names.count == classCount else {
      throw DatasetFailure(
        .classes, at: path, expected: "\(classCount) classes", found: "\(classes.names.count)")
    }
    classNames = classes.names
    let indices = try classes.indices(of: texts, at: path)
    labels =
      try hasNames
      ? .byName(Self.byName(rows.map { String($0[0]) }, indices, path)) : .inOrder(indices)
    place = path
  }

  /// The classes of the development kit beside a list of their numbers.
  private static func kit(besides path: String, _ identifiers: [String]?) throws -> ClassIndex {
    let classes = try DevelopmentKit(besides: path).classIndex
    guard identifiers ?? classes.names == classes.names else {
      throw DatasetFailure(
        .classes, at: path, expected: "a meta.mat beside it with the classes of ImageNet-1K",
        found: "\(classes.names.count) classes, others")
    }
    return classes
  }

  /// The fields of each line but a header, the name's and the label's first.
  private static func rows(_ path: String) throws -> [[Substring]] {
    let text = String(decoding: try Files.read(path, limit: sizeLimit), as: UTF8.self)
    let rows = text.split(whereSeparator: \.isNewline).map { line in
      line.split { [",", " ", "\t", ";"].contains($0) }
    }.filter { !$0.isEmpty }
    guard let header = rows.first, !isLabel(header[min(1, header.count - 1)]) else { return rows }
    return Array(rows.dropFirst())
  }

  private static func isLabel(_ text: Substring) -> Bool {
    isWordNetID(String(text)) || Int(text) != nil
  }

  static func isWordNetID(_ text: String) -> Bool {
    text.count == 9 && text.first == "n" && text.dropFirst().allSatisfy(\.isNumber)
  }

  private static func byName(
    _ names: [String], _ classes: [Int], _ path: String
  ) throws -> [String: Int] {
    try Dictionary(zip(names.map(key), classes)) { first, second in
      guard first == second else {
        throw DatasetFailure(
          .labels, at: path, expected: "one label for each name", found: "\(first) and \(second)")
      }
      return first
    }
  }

  /// The name of a picture without folder and suffix.
  private static func key(_ name: String) -> String {
    let file = Files.name(of: name)
    guard PictureFiles.isPicture(file), let dot = file.lastIndex(of: ".") else { return file }
    return String(file[..<dot])
  }

  /// The labels of some names, by class, then by name.
  func samples(_ names: [String], at folder: String) throws -> [LabelledDataset.Sample] {
    let names = names.sorted(by: ClassFolders.precedes)
    let samples = try zip(names, classes(of: names, folder)).map {
      LabelledDataset.Sample(name: $0, label: $1)
    }
    return samples.enumerated().sorted {
      ($0.element.label, $0.offset) < ($1.element.label, $1.offset)
    }
    .map(\.element)
  }

  private func classes(of names: [String], _ folder: String) throws -> [Int] {
    switch labels {
    case .inOrder(let classes):
      guard classes.count == names.count else {
        throw DatasetFailure(
          .labels, at: place, expected: "\(names.count) labels, one for each picture of \(folder)",
          found: "\(classes.count)")
      }
      return classes
    case .byName(let classes):
      guard !names.isEmpty else {
        throw DatasetFailure(.layout, at: folder, expected: "pictures", found: "none")
      }
      let missing = Set(classes.keys).subtracting(names.map(Self.key))
      guard missing.isEmpty else {
        throw DatasetFailure(
          .labels, at: folder, expected: "every picture of \(place)",
          found: "\(missing.count) missing, as \(missing.min() ?? "")")
      }
      return try names.map { name in
        guard let label = classes[Self.key(name)] else {
          throw DatasetFailure(
            .labels, at: place, expected: "a label for \(name) of \(folder)", found: "none")
        }
        return label
      }
    }
  }
}

/// The classes that labels of a list can name.
struct ClassIndex {
  /// The classes by index.
  let names: [String]
  private let indices: [String: Int]

  /// Labels are the names, whose order is that of the classes.
  init(names: Set<String>) {
    self.names = names.sorted(by: ClassFolders.precedes)
    indices = Dictionary(uniqueKeysWithValues: self.names.enumerated().map { ($1, $0) })
  }

  /// Labels are indices.
  init(count: Int) {
    names = (0..<count).map(String.init)
    indices = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  /// Labels are numbers that stand for names, whose order is that of the classes.
  init(numbered names: [Int: String]) {
    let byName = ClassIndex(names: Set(names.values))
    self.names = byName.names
    indices = Dictionary(
      uniqueKeysWithValues: names.compactMap { number, name in
        byName.indices[name].map { ("\(number)", $0) }
      })
  }

  /// The index of each label; `place` names the list in errors.
  func indices(of labels: [String], at place: String) throws -> [Int] {
    try labels.enumerated().map { line, label in
      guard let index = indices[label] else {
        throw DatasetFailure(
          .labels, at: "\(place) label \(line)", expected: "one of \(names.count) classes",
          found: label)
      }
      return index
    }
  }
}
