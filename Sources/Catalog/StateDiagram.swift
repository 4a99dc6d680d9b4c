import Markup

/// How the state of a neuron runs through a batch of three samples and two steps, as SVG.
struct StateDiagram {
  /// A cell of the grid: a sample at a step.
  private typealias Place = (step: Int, sample: Int)

  private let id: String
  private let title: String
  private let description: String
  /// The chains of cells that share a state.
  private let chains: [[Place]]

  private static let (samples, steps) = (3, 2)

  /// Scope `sample`: each sample has its own state.
  static let sample = StateDiagram(
    id: "scope-sample", title: "Scope sample: each sample keeps its own state",
    description: "Three samples and two time steps. Each sample is visited at its first step, then "
      + "at its second; no arrow leads from sample to sample.",
    chains: (0..<samples).map { sample in (0..<steps).map { ($0, sample) } })

  /// Scope `batch`: one state visits all samples at one step after the other.
  static let batch = StateDiagram(
    id: "scope-batch", title: "Scope batch: one state runs through all samples",
    description:
      "Three samples and two time steps. One chain of arrows visits samples one, two and "
      + "three at the first step, then samples one, two and three at the second.",
    chains: [(0..<steps).flatMap { step in (0..<samples).map { (step, $0) } }])

  var html: HTML {
    element("figure") {
      element("figcaption") { title }
      element(
        "svg", .id(id), .class("plot"), Attribute("role", "img"), Attribute("width", "268"),
        Attribute("height", "170"), Attribute("fill", "currentColor"),
        Attribute("aria-labelledby", "\(id)-title \(id)-description")
      ) {
        element("title", .id("\(id)-title")) { title }
        element("desc", .id("\(id)-description")) { description }
        for sample in 0..<Self.samples {
          Self.text("sample \(sample + 1)", x: Self.x(sample), y: 16)
        }
        for step in 0..<Self.steps { Self.text("t = \(step + 1)", x: 24, y: Self.y(step) + 4) }
        for chain in chains { arrows(chain) }
        for place in chains.joined() { Self.cell(place) }
      }
    }
  }

  private func arrows(_ chain: [Place]) -> HTML {
    HTML(
      zip(chain, chain.dropFirst()).map { from, to in
        Self.arrow(
          from: (Self.x(from.sample), Self.y(from.step)), to: (Self.x(to.sample), Self.y(to.step)))
      })
  }

  private static func x(_ sample: Int) -> Int { 80 + 76 * sample }
  private static func y(_ step: Int) -> Int { 50 + 80 * step }
  private static let radius = 15

  private static func cell(_ place: Place) -> HTML {
    element(
      "circle", .class("cell"), Attribute("cx", "\(x(place.sample))"),
      Attribute("cy", "\(y(place.step))"), Attribute("r", "\(radius)"))
  }

  private static func text(_ text: String, x: Int, y: Int) -> HTML {
    element(
      "text", Attribute("x", "\(x)"), Attribute("y", "\(y)"), Attribute("text-anchor", "middle")
    ) { text }
  }

  /// A line from cell to cell with a head at its end.
  private static func arrow(from: (x: Int, y: Int), to: (x: Int, y: Int)) -> HTML {
    let (dx, dy) = (Double(to.x - from.x), Double(to.y - from.y))
    let length = (dx * dx + dy * dy).squareRoot()
    let (ux, uy) = (dx / length, dy / length)
    func point(_ back: Double, _ side: Double) -> (Int, Int) {
      let along = Double(radius) + 3 + back
      return (
        to.x - Int((ux * along + uy * side).rounded()),
        to.y - Int((uy * along - ux * side).rounded())
      )
    }
    let (tip, left, right) = (point(0, 0), point(9, 5), point(9, -5))
    return HTML([
      element(
        "line", .class("arrow"), Attribute("x1", "\(from.x)"), Attribute("y1", "\(from.y)"),
        Attribute("x2", "\(tip.0)"), Attribute("y2", "\(tip.1)")),
      element(
        "polygon", .class("head"),
        Attribute("points", [tip, left, right].map { "\($0.0),\($0.1)" }.joined(separator: " "))),
    ])
  }
}
