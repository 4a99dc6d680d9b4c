import Diagnostics
import Markup
import ModelZoo
import SpikingModels

extension EntryPage {
  /// What the model is, stage by stage and as a whole.
  @HTMLBuilder var configuration: HTML {
    stages
    Frame.definitions(wholeNetwork)
  }

  private var stages: HTML {
    let plan = NetworkPlan(entry.configuration)
    let layers = plan.operations(for: plan.nominalSize)
    return DataTable(
      "Stages",
      columns: [
        .text("Stage"), .number("Channels"), .number("Blocks"), .number("Heads"), .text("Mixer"),
        .number("MLP ratio"), .number("MACs a step"),
      ],
      rows: entry.configuration.design.stageRows.enumerated().map { index, stage in
        let own = layers.filter { $0.path.hasPrefix("\(stage.path)/") }
        return [
          DataTable.Cell("stage \(index + 1)"), DataTable.Cell("\(stage.channels)"),
          DataTable.Cell("\(stage.blocks)"), DataTable.Cell("\(stage.heads)"),
          DataTable.Cell(stage.mixer), DataTable.Cell("\(stage.mlpRatio)"),
          DataTable.Cell(IndexPage.macs(own.reduce(0) { $0 + $1.accumulates })),
        ]
      }
    ).html
  }

  private var wholeNetwork: [(String, HTML)] {
    let configuration = entry.configuration
    let input = configuration.input
    let own = configuration.design.facts.map { ($0.name, HTML($0.value)) }
    return own + [
      (
        "input",
        HTML("\(input.channels) × \(input.height) × \(input.width), \(input.coding.rawValue)")
      ),
      ("time steps", HTML("\(configuration.timeSteps)")),
      ("classes", HTML("\(configuration.classes)")),
      ("BatchNorm eps", HTML("\(configuration.batchNormEpsilon)")),
      ("neuron after a convolution", HTML(configuration.neurons.unit.words)),
      ("neuron in an attention", HTML(configuration.neurons.attention.words)),
      ("preprocessing", HTML(entry.preprocessing.text)),
      ("class names", HTML(entry.labels)),
    ]
  }
}

extension LIFParameters {
  /// One line.
  fileprivate var words: String {
    "LIF, tau \(timeConstant), threshold \(threshold), fires "
      + (fires == .atOrAbove ? "at or above it" : "above it") + ", resets to \(resetPotential)"
  }
}
