import Diagnostics
import FileAccess

/// What the names of ImageNet's pictures say of their split.
///
/// Corresponds to the archives of ILSVRC2012: `ILSVRC2012_val_00000001.JPEG` is a picture of the
/// validation split, `n01440764_10026.JPEG` one of the training split.
enum ImageNetSplit {
  private static let validationMark = "ILSVRC2012_val_"
  private static let validationCount = 50_000

  /// Says that pictures are not named as those of the validation split, so that nothing proves that
  /// they are of it.
  ///
  /// - Throws: `DatasetFailure` if some are named as training pictures, or if there are more than the
  ///   split has; `root` names the folder or archive.
  static func notes(_ names: [String], at root: String) throws -> [String] {
    let files = names.map { Files.name(of: $0) }
    let training = files.filter(isTraining)
    guard training.isEmpty, names.count <= validationCount else {
      throw DatasetFailure(
        .split, at: root, expected: "the validation split, at most \(validationCount) pictures",
        found: training.first.map { "\(training.count) training pictures, as \($0)" }
          ?? "\(names.count) pictures")
    }
    let unknown = files.filter { !$0.hasPrefix(validationMark) }
    guard let first = unknown.first else { return [] }
    return [
      "\(unknown.count) of \(names.count) pictures are not named \(validationMark)..., as "
        + "\(first): nothing proves that they are of the validation split"
    ]
  }

  /// Whether a name is a WordNet id, an underscore and a number.
  private static func isTraining(_ name: String) -> Bool {
    let stem = name.prefix { $0 != "." }.split(separator: "_", omittingEmptySubsequences: false)
    return stem.count == 2 && LabelList.isWordNetID(String(stem[0])) && Int(stem[1]) != nil
  }
}
