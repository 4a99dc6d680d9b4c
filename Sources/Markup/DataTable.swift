/// A table with headers for its columns and, in the first column, for its rows.
///
/// On a narrow screen a style sheet may show each row as a card: every cell knows its column.
public struct DataTable: Sendable {
  /// A column.
  public struct Column: Sendable {
    let title: String
    let isNumeric: Bool

    /// A column of texts.
    public static func text(_ title: String) -> Column { Column(title: title, isNumeric: false) }
    /// A column of numbers.
    public static func number(_ title: String) -> Column { Column(title: title, isNumeric: true) }
  }

  /// A cell.
  public struct Cell: Sendable {
    let content: HTML
    let key: String?

    /// What is shown, and what it is sorted by if that is something else.
    public init(_ content: HTML, sortedBy key: String? = nil) {
      self.content = content
      self.key = key
    }

    /// A text.
    public init(_ text: String, sortedBy key: String? = nil) {
      self.init(HTML(text), sortedBy: key)
    }
  }

  /// How a table behaves where it does not fit.
  public enum Style: String, Sendable {
    /// It is moved sideways.
    case wide
    /// Its rows become cards.
    case cards
  }

  let caption: String
  let style: Style
  let columns: [Column]
  let rows: [[Cell]]

  /// A table; each row has a cell for each column.
  public init(_ caption: String, _ style: Style = .cards, columns: [Column], rows: [[Cell]]) {
    precondition(rows.allSatisfy { $0.count == columns.count }, "a cell for each column")
    self.caption = caption
    self.style = style
    self.columns = columns
    self.rows = rows
  }

  /// The table. A wide one stands in a region that the keyboard can move.
  public var html: HTML {
    let table = element(
      "table", .class(style.rawValue), Attribute("role", "table")
    ) {
      element("caption") { caption }
      element("thead", Attribute("role", "rowgroup")) {
        element("tr", Attribute("role", "row")) { for column in columns { header(column) } }
      }
      element("tbody", Attribute("role", "rowgroup")) {
        for row in rows {
          element("tr", Attribute("role", "row")) {
            for (column, cell) in zip(columns, row).enumerated() {
              self.cell(cell.1, cell.0, isFirst: column == 0)
            }
          }
        }
      }
    }
    guard style == .wide else { return table }
    return element(
      "div", .class("scroll"), Attribute("role", "region"), Attribute("tabindex", "0"),
      Attribute("aria-label", caption)
    ) { table }
  }

  private func header(_ column: Column) -> HTML {
    element(
      "th", Attribute("scope", "col"), Attribute("role", "columnheader"),
      column.isNumeric ? .class("number") : nil
    ) { column.title }
  }

  private func cell(_ cell: Cell, _ column: Column, isFirst: Bool) -> HTML {
    let key = cell.key.map { Attribute("data-key", $0) }
    let kind: Attribute? = column.isNumeric ? .class("number") : nil
    if isFirst {
      return element(
        "th", Attribute("scope", "row"), Attribute("role", "rowheader"), kind, key
      ) { cell.content }
    }
    return element(
      "td", Attribute("role", "cell"), Attribute("data-label", column.title), kind, key
    ) {
      // In a card the label stands beside one box, whatever the content consists of.
      if style == .cards && !cell.content.isEmpty {
        element("div") { cell.content }
      } else {
        cell.content
      }
    }
  }
}
