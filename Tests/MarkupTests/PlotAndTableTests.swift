import Markup
import Testing

/// Plots and tables.
@Suite struct PlotAndTableTests {
  private func plot(_ values: [Double]) -> String {
    BarPlot(
      id: "p", title: "Rates & more", description: "Bars.",
      groups: [.init("part", [.init("row", values: values, mean: 0.25)])]
    ).html.text
  }

  /// The widths of the bars in per cent.
  private func widths(_ svg: String) -> [Double] {
    svg.split(separator: "<rect").dropFirst().compactMap { bar in
      bar.firstRange(of: "width=\"").flatMap { start in
        Double(bar[start.upperBound...].prefix { $0 != "%" })
      }
    }
  }

  @Test func `widths are in the proportion of the values`() throws {
    let widths = widths(plot([0.1, 0.2, 0.4]))
    #expect(widths.count == 3)
    #expect(abs(widths[1] / widths[0] - 2) < 1e-3 && abs(widths[2] / widths[0] - 4) < 1e-3)
  }

  @Test(arguments: [1e-6, 0.003, 0.09, 0.1, 0.11, 0.4, 0.41, 1, 3.9, 4, 4.1, 99, 12_345])
  func `the largest bar reaches past half of the axis and stays on it`(largest: Double) throws {
    let width = try #require(widths(plot([largest])).first)
    #expect(width <= 55 && width > 55 * 0.65)
  }

  @Test(arguments: [0, -1, .infinity, 1e300])
  func `values that no rate has draw no bar beyond the axis`(value: Double) {
    #expect(widths(plot([value])).allSatisfy { (0...55).contains($0) })
  }

  @Test func `a plot has a title and a description that it names`() {
    let svg = plot([0.1])
    #expect(
      svg.contains("role=\"img\"") && svg.contains("aria-labelledby=\"p-title p-description\""))
    #expect(svg.contains("<title id=\"p-title\">Rates &amp; more</title>"))
    #expect(svg.contains("<desc id=\"p-description\">Bars.</desc>"))
  }

  @Test func `every header of a table says what it heads`() {
    let table = DataTable(
      "Caption <", .wide, columns: [.text("A"), .number("B")],
      rows: [[.init("x"), .init("1,000", sortedBy: "1000")]]
    ).html.text
    #expect(table.contains("<caption>Caption &lt;</caption>"))
    #expect(table.contains("<th scope=\"col\" role=\"columnheader\" class=\"number\">B</th>"))
    #expect(table.contains("<th scope=\"row\" role=\"rowheader\">x</th>"))
    #expect(table.contains("data-label=\"B\" class=\"number\" data-key=\"1000\">1,000</td>"))
    #expect(table.contains("role=\"region\" tabindex=\"0\" aria-label=\"Caption &lt;\""))
  }
}
