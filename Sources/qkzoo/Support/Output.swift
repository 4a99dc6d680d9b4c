import ArgumentParser
import CanonicalJSON
import Diagnostics
import Glibc

/// Options of every command.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object.")
  var json = false

  /// Prints a result in the form that was asked for; ends the command if its input has changed.
  func print(_ report: Report) {
    CommandEnd.failIfInputsChanged()
    Swift.print(json ? report.json.canonicalText : report.text)
  }
}

/// What a command found, for machines and for people.
struct Report {
  /// One object with member `schema`.
  let json: JSON
  /// Lines without a final line feed.
  let text: String

  init(_ command: String, _ members: [String: JSON], text: String) {
    var members = members
    members["schema"] = .string("qkzoo.\(command)/1")
    self.init(.object(members), text: text)
  }

  /// An object that names its own schema.
  init(_ json: JSON, text: String) {
    self.json = json
    self.text = text
  }
}

/// Messages that are not the result.
enum StandardError {
  static func print(_ line: String) { write(line + "\n") }

  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.write(2, bytes, bytes.count)
  }

  static var isTerminal: Bool { isatty(2) == 1 }
}

/// Columns of text.
struct TextTable {
  private var rows: [[String]] = []

  /// Appends a row; what a file put into a cell cannot move the cursor.
  mutating func add(_ cells: String...) { rows.append(cells.map(PlainText.escaped)) }

  /// The rows, every column as wide as its widest cell.
  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count - 1 ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

extension Double {
  /// The number with some digits after the point.
  func formatted(_ digits: Int) -> String { DecimalText.fixed(self, digits) }

  /// A share as a percentage.
  var percent: String { (self * 100).formatted(2) + " %" }
}

extension Int {
  /// The digits in groups of three.
  var grouped: String { DecimalText.grouped(self) }

  /// How many there are of what a noun names, as in `1 file` and `2,000 files`.
  func of(_ noun: String, _ plural: String? = nil) -> String {
    "\(grouped) \(self == 1 ? noun : plural ?? noun + "s")"
  }
}
