import Datasets
import Diagnostics
import FileAccess

/// A file with the names of the classes by index, one in a line.
enum ClassNames {
  private static let sizeLimit = 16 << 20

  /// Reads a file.
  ///
  /// - Throws: `DatasetFailure` if it has another number of lines; `FileFailure`.
  static func read(_ path: String, count: Int) throws -> [String] {
    let text = String(decoding: try Files.read(path, limit: sizeLimit), as: UTF8.self)
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    guard names.count == count else {
      throw DatasetFailure(
        .classes, at: path, expected: "\(count) lines", found: "\(names.count)")
    }
    return names
  }
}
