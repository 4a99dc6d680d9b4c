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
    switch report.body {
    case _ where json: StandardOutput.print(PrintedText(report.json))
    case .text(let text): StandardOutput.print(text)
    case .document(let document): StandardOutput.write(document: document)
    }
  }
}

/// What a command found, for machines and for people.
struct Report {
  /// What people get to see.
  enum Body {
    /// Lines without a final line feed.
    case text(PrintedText)
    /// The whole text of a file, in a format that has escapes of its own.
    case document(String)
  }

  /// One object with member `schema`.
  let json: JSON
  let body: Body

  init(_ command: String, _ members: [String: JSON], text: PrintedText) {
    self.init(command, members, .text(text))
  }

  init(_ command: String, _ members: [String: JSON], _ body: Body) {
    var members = members
    members["schema"] = .string("qkzoo.\(command)/1")
    json = .object(members)
    self.body = body
  }

  /// An object that names its own schema.
  init(_ json: JSON, text: PrintedText) {
    self.json = json
    body = .text(text)
  }
}

/// The result. Nothing else writes to standard output, but the argument parser its help.
enum StandardOutput {
  static func print(_ text: PrintedText) { Swift.print(text.string) }

  /// A document whose format has escapes of its own, without a line feed behind it.
  static func write(document: String) { Swift.print(document, terminator: "") }

  static var isTerminal: Bool { isatty(1) == 1 }
}

/// Messages that are not the result. Nothing else writes to standard error.
enum StandardError {
  static func print(_ line: PrintedText) { write(line + "\n") }

  static func write(_ text: PrintedText) {
    let bytes = Array(text.string.utf8)
    _ = unsafe Glibc.write(2, bytes, bytes.count)
  }

  /// Removes the line that the cursor is on, if there is a terminal.
  static func clearLine() { if isTerminal { write("\u{1B}[2K\r") } }

  static var isTerminal: Bool { isatty(2) == 1 }
}

/// Columns of text.
struct TextTable {
  private var rows: [[PrintedText]] = []

  /// Appends a row; what a file put into a cell cannot move the cursor.
  mutating func add(_ cells: String...) { rows.append(cells.map { PrintedText(escaping: $0) }) }

  /// The rows, every column as wide as its widest cell.
  var text: PrintedText {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count - 1 ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell.padded(to: widths[column])
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
