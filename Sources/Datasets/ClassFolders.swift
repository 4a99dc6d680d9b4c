import Diagnostics
import FileAccess

/// Files in one folder for each class.
///
/// Which index a folder has is decided by `ClassRule`. The files of a class are those in and below its
/// folder with a known suffix, by folder, then name, as torchvision's `DatasetFolder` has them.
struct ClassFolders {
  /// The classes by index.
  let classNames: [String]
  /// What was assumed to know which folder is which class; `nil` if nothing was.
  let note: String?
  /// Path below the root, and class.
  let samples: [LabelledDataset.Sample]
  /// The folder that holds the classes.
  let root: String

  /// No folder lies deeper; links can lead in circles.
  private static let depthLimit = 16

  /// Lists the files of every class, where a class without files is an error.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  init(root: String, suffixes: [String], rule: ClassRule) throws {
    guard Files.isDirectory(root) else {
      throw DatasetFailure(
        .layout, at: root, expected: "a folder with a folder for each class",
        found: Files.exists(root) ? "a file" : "nothing")
    }
    let folders = try Files.names(in: root).filter { Files.isDirectory(Files.join(root, $0)) }
    let (names, note) = try rule.classes(of: folders, at: root)
    var samples: [LabelledDataset.Sample] = []
    for (label, name) in names.enumerated() {
      let files = try Self.files(below: root, name, suffixes)
      guard !files.isEmpty else {
        throw DatasetFailure(
          .classes, at: Files.join(root, name),
          expected: "a file ending in \(suffixes.joined(separator: ", "))", found: "none")
      }
      samples += files.map { LabelledDataset.Sample(name: $0, label: label) }
    }
    self.root = root
    self.samples = samples
    self.note = note
    classNames = names
  }

  /// Whether some folder of a class has a file with a known suffix in or below it.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  static func holds(root: String, suffixes: [String]) throws -> Bool {
    guard Files.isDirectory(root) else { return false }
    return try Files.names(in: root).contains { name in
      try Files.isDirectory(Files.join(root, name)) && !files(below: root, name, suffixes).isEmpty
    }
  }

  /// The files in and below a class's folder, as paths below the root.
  private static func files(
    below root: String, _ folder: String, _ suffixes: [String]
  ) throws -> [String] {
    try folders(below: root, folder, depth: 0).sorted(by: precedes).flatMap { folder in
      try Files.names(in: Files.join(root, folder)) { hasSuffix($0, suffixes) }
        .map { Files.join(folder, $0) }
        .filter { !Files.isDirectory(Files.join(root, $0)) }
    }
  }

  private static func folders(
    below root: String, _ folder: String, depth: Int
  ) throws -> [String] {
    guard depth < depthLimit else {
      throw DatasetFailure(
        .layout, at: Files.join(root, folder), expected: "at most \(depthLimit) levels of folders",
        found: "more; does a link lead upwards?")
    }
    let inner = try Files.names(in: Files.join(root, folder))
      .map { Files.join(folder, $0) }
      .filter { Files.isDirectory(Files.join(root, $0)) }
    return try [folder] + inner.flatMap { try folders(below: root, $0, depth: depth + 1) }
  }

  static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  static func hasSuffix(_ name: String, _ suffixes: [String]) -> Bool {
    let name = name.lowercased()
    return suffixes.contains { name.hasSuffix($0) }
  }
}
