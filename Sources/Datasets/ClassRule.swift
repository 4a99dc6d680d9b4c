import Diagnostics

/// Which folder is which class.
///
/// The names decide where they are known: those of a dataset, or those that the model's labels have.
/// Else classes are the folders in the order of their names as texts, as torchvision's `ImageFolder`
/// has them, and that is noted.
public struct ClassRule: Sendable {
  /// Lists of names by index, any of which the folders may have.
  private let known: [[String]]
  /// Whose names the folders must have; `nil` if they may have others.
  private let owner: String?
  /// How many folders there must be; `nil` for any number.
  private let count: Int?
  /// How to read folders of other names all the same.
  private let advice: String

  /// Folders that have exactly these names by index, which are those of a dataset or of a list.
  public static func exactly(
    _ names: [String], of dataset: String, advice: String = "rename them"
  ) -> ClassRule {
    ClassRule(known: [names], owner: dataset, count: names.count, advice: advice)
  }

  /// The class folders of ImageNet-1K.
  public static let imagenet = exactly(
    ImageNetClasses.identifiers, of: "ImageNet-1K",
    advice: "rename them, or take --dataset folder with --class-names FILE, their names by index")

  /// Folders of any names.
  ///
  /// - Parameters:
  ///   - known: lists of names by index, as a model's labels. Folders that have all names of a list are
  ///     matched by name; those that have some of them are refused.
  ///   - count: how many folders there must be; `nil` for any number.
  public static func folders(known: [[String]] = [], count: Int? = nil) -> ClassRule {
    ClassRule(
      known: known, owner: nil, count: count,
      advice: "rename them, or list their names by index with --class-names FILE")
  }

  /// The names by index, and what was assumed to order them.
  ///
  /// - Throws: `DatasetFailure`; `root` is the folder of the classes.
  func classes(of folders: [String], at root: String) throws -> (names: [String], note: String?) {
    try requireCount(folders, root)
    let found = Set(folders)
    if let names = known.first(where: { Set($0) == found && $0.count == found.count }) {
      return (names, nil)
    }
    if let failure = mismatch(found, root) { throw failure }
    try requireOneOrder(folders, root)
    let reason =
      known.isEmpty ? "no labels of the model are known" : "none is a label of the model"
    return (folders, "classes are taken in the order of the folders' names: \(reason)")
  }

  private func requireCount(_ folders: [String], _ root: String) throws {
    guard folders.count == count ?? max(folders.count, 1) else {
      throw DatasetFailure(
        folders.isEmpty ? .layout : .classes, at: root,
        expected: count.map { "\($0) class folders" } ?? "a folder for each class",
        found: "\(folders.count)")
    }
  }

  /// Names that must be known, or that are known in part.
  private func mismatch(_ found: Set<String>, _ root: String) -> DatasetFailure? {
    let nearest = known.max { Self.shared($0, found) < Self.shared($1, found) }
    guard let nearest, owner != nil || Self.shared(nearest, found) > 0 else { return nil }
    let others = found.subtracting(nearest).sorted(by: ClassFolders.precedes)
    let missing = nearest.filter { !found.contains($0) }
    return DatasetFailure(
      .classes, at: root,
      expected: "folders named after the \(nearest.count) classes of \(owner ?? "the model"), as "
        + "\(missing.first ?? nearest[0]) (\(advice))",
      found: "\(others.count) other names, as \(others.first ?? "none")")
  }

  private static func shared(_ names: [String], _ found: Set<String>) -> Int {
    names.count { found.contains($0) }
  }

  /// Refuses names that are numbers whose order as texts is another one: `10` comes before `2`.
  private func requireOneOrder(_ folders: [String], _ root: String) throws {
    let numbers = folders.compactMap { Int($0) }
    guard numbers.count == folders.count,
      let place = zip(numbers, numbers.dropFirst()).enumerated().first(where: { $1.0 > $1.1 })?
        .offset
    else { return }
    throw DatasetFailure(
      .classes, at: root,
      expected: "folders of one order (list their names by index with --class-names FILE, or give "
        + "the numbers equally many digits)",
      found: "numbers, of which \(folders[place]) comes before \(folders[place + 1]) as a text")
  }
}
