import Diagnostics
import FileAccess
import TensorFiles

/// The text lines at the start of an event file, and what they say the rest is.
///
/// The first line states the version, `#!AER-DATx.y`; a file without that line is of AEDAT 1.0. From
/// version 3 on a line `#Format:` says how events are stored, and `#!END-HEADER` ends the header.
/// Nothing behind the header is decoded before both are known to be what the decoder is for.
struct EventFileHeader {
  private static let versionMark = "#!AER-DAT"
  private static let formatMark = "#Format:"
  private static let endMark = "#!END-HEADER"

  /// As in `3.1`; `nil` if the first line states none.
  let version: String?
  /// As in `RAW`; `nil` if no line states one.
  let format: String?
  /// Whether a line ends the header.
  let hasEnd: Bool
  /// Bytes of all lines.
  let length: Int

  /// Reads the lines; they end at the line that says so, else before the first that is no comment.
  init(_ file: ByteRegion) {
    var (version, format, hasEnd, length) = (String?.none, String?.none, false, 0)
    while !hasEnd, let line = HeaderLine(file, at: length), line.isComment {
      let text = line.trimmed
      if length == 0 { version = Self.rest(of: text, after: Self.versionMark) }
      format = format ?? Self.rest(of: text, after: Self.formatMark)
      hasEnd = text == Self.endMark
      length = line.end
    }
    self.version = version
    self.format = format
    self.hasEnd = hasEnd
    self.length = length
  }

  private static func rest(of text: String, after mark: String) -> String? {
    guard text.hasPrefix(mark) else { return nil }
    return text.dropFirst(mark.count).trimmed
  }

  /// Requires the file to have bytes, and its first line to state a version.
  ///
  /// - Parameters:
  ///   - dataset: whose files have that version, as it was published.
  ///   - place: names the file in errors.
  /// - Throws: `DatasetFailure`.
  func require(version wanted: String, of dataset: String, in file: ByteRegion, at place: String)
    throws
  {
    guard version != wanted || file.count == 0 else { return }
    let found =
      file.count == 0
      ? "an empty file"
      : version.map { "AEDAT \($0)" } ?? "no line with a version, which means AEDAT 1.0"
    throw DatasetFailure(
      .file, at: place,
      expected: "AEDAT \(wanted), the version in which \(dataset) is published", found: found)
  }

  /// Requires events to be stored one after the other, uncompressed, behind a complete header.
  ///
  /// - Throws: `DatasetFailure`; `place` names the file.
  func requireRaw(at place: String) throws {
    guard hasEnd else {
      throw DatasetFailure(
        .file, at: place, expected: "a header that ends with \(Self.endMark)", found: "none")
    }
    guard format == "RAW" else {
      throw DatasetFailure(
        .file, at: place, expected: "a line `\(Self.formatMark) RAW`, the format that is read",
        found: format.map { "format \($0)" } ?? "no line with a format")
    }
  }
}

/// One line at the start of an event file.
private struct HeaderLine {
  /// No line of a header is longer.
  private static let limit = 1 << 16
  private static let piece = 256

  /// Without the line end; `nil` if it is no text.
  private let text: String?
  /// Where the next line starts.
  let end: Int

  /// The line at an offset; `nil` at the end of the file.
  init?(_ file: ByteRegion, at start: Int) {
    guard start < file.count else { return nil }
    // A short piece first: there may be many lines, and most are short.
    var bytes = file.part(start..<min(start + Self.piece, file.count)).copy()
    if !bytes.contains(UInt8(ascii: "\n")) {
      bytes = file.part(start..<min(start + Self.limit, file.count)).copy()
    }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    end = start + min(line.count + 1, bytes.count)
    text = String(validating: line, as: UTF8.self)
  }

  /// The text without white space around it.
  var trimmed: String { text?.trimmed ?? "" }

  /// Whether it is text that starts with `#`, white space aside.
  var isComment: Bool { trimmed.first == "#" }
}

extension StringProtocol {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    let start = drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
