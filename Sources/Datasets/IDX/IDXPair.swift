import Diagnostics
import FileAccess

/// The pictures and the labels of one part.
struct IDXPair {
  let paths: IDXPaths
  let pictures: IDXFile
  let labels: IDXFile

  /// Reads both files; there are as many labels as pictures.
  init(_ paths: IDXPaths) throws {
    self.paths = paths
    pictures = try IDXFile(path: paths.pictures, rank: 3)
    labels = try IDXFile(path: paths.labels, rank: 1)
    guard labels.shape == [pictures.shape[0]] else {
      throw IDXFailure(
        .count, at: paths.labels, expected: "\(pictures.shape[0]) labels, one for each picture",
        found: "\(labels.shape[0])")
    }
  }

  /// The published part that both files are, by their MD5 sums; `nil` unless both are known.
  ///
  /// - Throws: `IDXFailure` for a file that is known to be of another dataset or part than it is said
  ///   to be, and for pictures and labels that are not of one another.
  func part(
    in known: [PublishedIDX.Sums], saidToBe published: PublishedIDX?
  ) throws -> PublishedIDX.Part? {
    let part = known.part(of: \.pictures, md5: pictures.md5)
    let labelled = known.part(of: \.labels, md5: labels.md5)
    try check(part, at: paths.pictures, isSaidToBe: published)
    try check(labelled, at: paths.labels, isSaidToBe: published)
    guard let part, let labelled else { return nil }
    guard part == labelled else {
      throw IDXFailure(
        .digest, at: paths.labels, expected: "the labels of \(part.words), as the pictures are",
        found: "those of \(labelled.words), by their MD5 sum")
    }
    return part
  }

  private func check(
    _ part: PublishedIDX.Part?, at path: String, isSaidToBe published: PublishedIDX?
  ) throws {
    guard let part else { return }
    let isDataset = published == nil || published == part.dataset
    // Other names than these two say nothing of published parts.
    let isPart = !["test", "train"].contains(paths.split) || paths.split == part.split
    guard isDataset, isPart else {
      throw IDXFailure(
        .digest, at: path,
        expected: [published?.rawValue, paths.split].compactMap(\.self).joined(separator: ", "),
        found: "\(part.words), by its MD5 sum")
    }
  }

  /// The index of each sample's class, and whether labels count from one: they do if they may, none is 0,
  /// and the largest is the number of classes.
  func classIndices(
    count: Int, mayStartAtOne: Bool
  ) throws -> (indices: [Int], startAtOne: Bool) {
    let values = labels.elements.copy().map(Int.init)
    let startAtOne = mayStartAtOne && values.max() == count && !values.contains(0)
    let first = startAtOne ? 1 : 0
    if let index = values.firstIndex(where: { $0 - first >= count }) {
      throw IDXFailure(
        .label, at: "\(paths.labels):\(index)", expected: "a label below \(count)",
        found: "\(values[index])")
    }
    return (values.map { $0 - first }, startAtOne)
  }
}
