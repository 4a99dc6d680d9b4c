import Diagnostics

/// Horizontal bars as SVG: one row for each quantity, one bar for each of its values in order.
///
/// Widths are shares of the width that is there and texts keep their size, so the plot fits a phone
/// and a wide screen. Colours come from the style sheet: classes `bar`, `mean`, `grid`, `heading`.
public struct BarPlot: Sendable {
  /// A quantity.
  public struct Row: Sendable {
    let label: String
    let values: [Double]
    let mean: Double

    /// Names a quantity; its values are not negative. `mean` is written beside the bars.
    public init(_ label: String, values: [Double], mean: Double) {
      self.label = label
      self.values = values
      self.mean = mean
    }
  }

  /// Rows under a heading.
  public struct Group: Sendable {
    let title: String
    let rows: [Row]

    /// Bundles rows.
    public init(_ title: String, _ rows: [Row]) {
      self.title = title
      self.rows = rows
    }
  }

  let id: String
  let title: String
  let description: String
  let groups: [Group]

  /// A plot; `id` is its own in the page, `description` says what the bars are.
  public init(id: String, title: String, description: String, groups: [Group]) {
    self.id = id
    self.title = title
    self.description = description
    self.groups = groups
  }

  /// The plot.
  public var html: HTML {
    let scale = Scale(largest: groups.flatMap(\.rows).flatMap(\.values).max() ?? 0)
    var y = Layout.axis
    var content: [HTML] = []
    for group in groups {
      content.append(heading(group.title, y + Layout.heading - 6))
      y += Layout.heading
      for row in group.rows {
        content.append(bars(row, y, scale))
        y += row.height + Layout.gap
      }
    }
    return element(
      "svg", .id(id), .class("plot"), Attribute("role", "img"), Attribute("width", "100%"),
      Attribute("height", "\(y)"), Attribute("fill", "currentColor"),
      Attribute("aria-labelledby", "\(id)-title \(id)-description")
    ) {
      element("title", .id("\(id)-title")) { title }
      element("desc", .id("\(id)-description")) { description }
      axis(scale, to: y)
      HTML(content)
    }
  }

  private func axis(_ scale: Scale, to bottom: Int) -> HTML {
    HTML(
      scale.ticks.map { tick in
        let x = scale.position(tick)
        return element(
          "line", .class("grid"), Attribute("x1", x), Attribute("x2", x),
          Attribute("y1", "\(Layout.axis - 4)"), Attribute("y2", "\(bottom)"))
          + text(scale.text(tick), x: x, y: Layout.axis - 8, anchor: "middle")
      })
  }

  private func heading(_ title: String, _ y: Int) -> HTML {
    text(title, x: "0", y: y, anchor: "start", style: "heading")
  }

  private func bars(_ row: Row, _ top: Int, _ scale: Scale) -> HTML {
    let middle = top + row.height / 2 + 4
    let bars = row.values.enumerated().map { index, value in
      element(
        "rect", .class("bar"), Attribute("x", scale.position(0)),
        Attribute("y", "\(top + row.inset + index * row.pitch)"),
        Attribute("width", scale.length(value)),
        Attribute("height", "\(max(row.pitch - 1, 1))"))
    }
    let mean = scale.position(row.mean)
    let marker = element(
      "line", .class("mean"), Attribute("x1", mean), Attribute("x2", mean),
      Attribute("y1", "\(top)"), Attribute("y2", "\(top + row.height)"))
    return text(row.label, x: "0", y: middle, anchor: "start") + HTML(bars)
      + (row.values.count > 1 ? marker : HTML())
      + text(DecimalText.fixed(row.mean, 4), x: "100%", y: middle, anchor: "end")
  }

  private func text(
    _ text: String, x: String, y: Int, anchor: String, style: String? = nil
  ) -> HTML {
    element(
      "text", Attribute("x", x), Attribute("y", "\(y)"), Attribute("text-anchor", anchor),
      style.map { .class($0) }
    ) { text }
  }

  /// Heights in pixels.
  private enum Layout {
    static let axis = 24
    static let heading = 28
    static let gap = 4
  }

  /// Where a value stands, in per cent of the width: labels left, means right.
  struct Scale {
    private static let (start, width) = (31.0, 55.0)
    private let step: Double
    private let count: Int
    private let digits: Int

    /// The smallest of 1, 2, 2.5 and 5 times a power of ten that takes at most five steps.
    init(largest: Double) {
      let largest = largest.isFinite && largest > 0 ? min(max(largest, 1e-6), 1e12) : 1
      var (power, digits) = (1.0, 0)
      while power * 5 < largest { power *= 10 }
      while power / 2 >= largest { (power, digits) = (power / 10, digits + 1) }
      let finer = [(0.1, 1), (0.2, 1), (0.25, 2), (0.5, 1)]
      let factor = finer.first { power * $0.0 * 5 >= largest } ?? (1, 0)
      step = power * factor.0
      self.digits = digits + (power > 1 ? 0 : factor.1)
      count = max(1, Int((largest / step - 1e-9).rounded(.up)))
    }

    private var limit: Double { Double(count) * step }

    var ticks: [Double] { (0...count).map { Double($0) * step } }

    func text(_ tick: Double) -> String { DecimalText.fixed(tick, digits) }

    func length(_ value: Double) -> String {
      DecimalText.fixed(min(max(value / limit, 0), 1) * Self.width, 3) + "%"
    }

    func position(_ value: Double) -> String {
      DecimalText.fixed(Self.start + min(max(value / limit, 0), 1) * Self.width, 3) + "%"
    }
  }
}

extension BarPlot.Row {
  /// Pixels from bar to bar.
  fileprivate var pitch: Int { values.count == 1 ? 11 : values.count > 8 ? 3 : 4 }
  /// Pixels of the row: at least those of its text.
  fileprivate var height: Int { max(16, values.count * pitch) }
  /// Pixels above the first bar.
  fileprivate var inset: Int { (height - values.count * pitch) / 2 }
}

extension HTML {
  /// One piece after the other.
  static func + (first: HTML, second: HTML) -> HTML { HTML([first, second]) }
}
