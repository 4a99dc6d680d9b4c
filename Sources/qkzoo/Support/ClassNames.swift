import Datasets
import FileAccess

/// Names of classes in a text file, one in a line.
enum ClassNames {
  /// The names in a file of `count` lines.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  static func read(_ path: String, count: Int) throws -> [String] {
    let text = String(decoding: try Files.read(path, limit: 16 << 20), as: UTF8.self)
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    guard names.count == count else {
      throw DatasetFailure(
        .classes, at: path, expected: "\(count) lines", found: "\(names.count)")
    }
    return names
  }
}
