import ArgumentParser
import Foundation
import SpikeInference

/// What each convolution costs, beside what the machine allows.
struct LayersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers", abstract: "Measure the machine's limits, then every layer.")

  @OptionGroup var subject: Subject
  @Option(help: "Passes; each layer's median counts.")
  var repeats = 9
  @Flag(help: "One JSON object instead of a table.")
  var json = false

  func run() throws {
    let engine = try subject.engine()
    let input = try subject.samples(for: engine)
    let roofline = Roofline.measure(kernel: subject.machine.kernel, threads: engine.threads)
    _ = try engine.work(of: input)
    let passes = try (0..<repeats).map { _ in try engine.work(of: input) }
    let layers = passes[0].indices.map { index in Layer(passes.map { $0[index] }, roofline) }
    let report = Report(roofline: roofline, batch: input.batch, layers: layers)
    if json {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.outputFormatting = [.sortedKeys]
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      report.printTable()
    }
  }
}

/// The figures of one layer.
struct Layer: Encodable {
  let name: String
  /// Multiply-accumulates of a dense computation.
  let accumulates: Int
  /// Rows of 32 sums that were looked up and added.
  let lookups: Int
  let planes: Int
  let seconds: Double
  let listingSeconds: Double
  /// Lookups a second over the time without the lists, and as a share of the rows that loads from
  /// the first cache allow.
  let lookupRate: Double
  let shareOfL1: Double

  init(_ passes: [LayerWork], _ roofline: Roofline?) {
    let paths = passes[0].paths
    let names = paths.map { String($0.split(separator: "/").last ?? "") }
    name =
      paths.count == 1
      ? paths[0]
      : paths[0].split(separator: "/").dropLast().joined(separator: "/") + "/"
        + names.joined(separator: "+")
    accumulates = passes[0].denseAccumulates
    lookups = passes[0].lookups
    planes = passes[0].planes
    seconds = Self.median(passes.map(\.total.seconds))
    listingSeconds = Self.median(passes.map(\.listing.seconds))
    let rate = Double(lookups) / (seconds - listingSeconds)
    lookupRate = rate
    shareOfL1 = roofline.map { rate / $0.rowsAtL1Load } ?? 0
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

struct Report: Encodable {
  let roofline: Roofline?
  let batch: Int
  let layers: [Layer]

  func printTable() {
    if let roofline {
      let rows = roofline.rows.sorted { $0.key < $1.key }
        .map { "\($0.key) planes \(giga($0.value))" }.joined(separator: ", ")
      print(
        """
        \(roofline.kernel), \(roofline.threads) threads: \(giga(roofline.fma)) G fma/s, \
        L1 \(giga(roofline.l1Load)) GB/s, L2 \(giga(roofline.l2Load)) GB/s, \
        rows of 128 B: L1 load limit \(giga(roofline.rowsAtL1Load)) G/s, random \(rows) G/s
        """)
    }
    let total = layers.reduce(0) { $0 + $1.seconds }
    print(
      pad("LAYER", 40)
        + ["MMAC", "MLOOKUP", "PLANES", "MS", "LIST MS", "%", "GMAC/S", "GLOOKUP/S", "L1 %"]
        .map { pad($0, -10) }.joined())
    for layer in layers {
      print(
        pad(layer.name, 40)
          + [
            decimal(Double(layer.accumulates) / 1e6, 0), decimal(Double(layer.lookups) / 1e6, 2),
            "\(layer.planes)", decimal(layer.seconds * 1e3, 2),
            decimal(layer.listingSeconds * 1e3, 2), decimal(100 * layer.seconds / total, 1),
            giga(Double(layer.accumulates) / layer.seconds), decimal(layer.lookupRate / 1e9, 2),
            decimal(100 * layer.shareOfL1, 0),
          ].map { pad($0, -10) }.joined())
    }
    print(
      "total \(decimal(total * 1e3, 1)) ms, \(layers.reduce(0) { $0 + $1.accumulates } / 1_000_000) MMAC"
    )
  }

  private func giga(_ value: Double) -> String { decimal(value / 1e9, 1) }

  private func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// To the right of a field of some width, or to the left where it is negative.
  private func pad(_ text: String, _ width: Int) -> String {
    let spaces = String(repeating: " ", count: max(1, abs(width) - text.count))
    return width < 0 ? spaces + text : text + spaces
  }
}
