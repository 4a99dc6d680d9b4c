import Diagnostics
import FileAccess
import TensorFiles

/// A file of events in format AEDAT 2.0, as CIFAR10-DVS has them.
///
/// A header of lines that start with `#`, then pairs of big-endian 32-bit words: address and time.
/// Corresponds to SpikingJelly's `CIFAR10DVS.load_origin_data`, whose columns and rows are swapped.
enum AEDAT2 {
  /// The events of a file; `place` names it in errors.
  ///
  /// - Throws: `DatasetFailure`.
  static func events(_ file: ByteRegion, at place: String) throws -> [Event] {
    let start = headerLength(file)
    guard (file.count - start).isMultiple(of: 8) else {
      throw DatasetFailure(
        .file, at: place, expected: "pairs of 32-bit words after \(start) bytes of header",
        found: "\(file.count - start) bytes")
    }
    return stride(from: start, to: file.count, by: 8).map { offset in
      let address = file.integer(at: offset, as: UInt32.self).byteSwapped
      return Event(
        x: 127 - UInt16(address >> 8 & 0x7F), y: 127 - UInt16(address >> 1 & 0x7F),
        channel: 1 - UInt8(address & 1))
    }
  }

  /// Bytes of the lines that are text and start with `#`.
  private static func headerLength(_ file: ByteRegion) -> Int {
    var start = 0
    while let line = HeaderLine(file, at: start), line.isComment { start = line.end }
    return start
  }
}

/// One line at the start of an event file.
struct HeaderLine {
  /// No line of a header is longer.
  private static let limit = 1 << 16
  private static let piece = 256

  /// Without the line end, which may have two bytes.
  let text: String?
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

  /// Whether it is text that starts with `#`, white space aside.
  var isComment: Bool { text?.drop(while: \.isWhitespace).first == "#" }
}
