import Diagnostics
import Markup
import ModelZoo
import SpikingModels

/// What the batch leak is, what others measured, and what was measured here.
struct BatchLeakPage {
  let entries: [ZooEntry]

  var page: Page {
    Frame.page(
      Frame.batchLeak, title: "The batch leak – QKFormer model zoo",
      description: "Why the printed accuracies of QKFormer depend on the batch, and by how much."
    ) {
      element("h1") { "The batch leak" }
      element("p", .class("lead")) {
        "In the released QKFormer code one kind of neuron keeps its membrane potential from image to "
        "image of a batch. The printed accuracies were measured that way, so they depend on which "
        "images share a batch, and in which order."
      }
      Frame.section("what", "What happens") { explanation }
      Frame.section("public", "What others measured") { publicFigures }
      Frame.section("measured", "What qkzoo measured") { ownMeasurements }
      Frame.section("entries", "Which entries are concerned") { concerned }
      Frame.section("try", "See for yourself") { commands }
    }
  }

  // MARK: What happens

  @HTMLBuilder private var explanation: HTML {
    element("p") {
      "A spiking neuron integrates its input over the "
      element("var") { "T" }
      " time steps of one sample and starts each sample from rest. In the released code that holds "
      "for every neuron but the one after the projection of spiking self-attention. Its input is "
      "flattened to ["
      element("var") { "T" }
      " × "
      element("var") { "B" }
      ", "
      element("var") { "C" }
      ", "
      element("var") { "N" }
      "], and the neuron takes the first axis for time: it visits all samples of the batch at the "
      "first step, then all of them at the second, and never returns to rest in between."
    }
    element("div", .class("diagrams")) {
      StateDiagram.sample.html
      StateDiagram.batch.html
    }
    Frame.paragraph(
      "So every sample starts from what its neighbour left behind, and none integrates over its own "
        + "steps. With one sample in a batch both orders are the same. The last batch of a split "
        + "is often smaller, which changes the order again.")
    element("p") {
      "qkzoo computes both and names them: scope "
      element("code") { "batch" }
      ", as released, and scope "
      element("code") { "sample" }
      ", as the equations of the paper say. The scope is part of a model's configuration and of its "
      "model-id."
    }
    Frame.paragraph(
      "Evaluation on ImageNet goes through the images in class order, so neighbours in a batch mostly "
        + "share their label. Whether that is why the leak raises the accuracy is open: we know of "
        + "no published figure for a shuffled order.")
  }

  // MARK: What others measured

  private var cases: [LeakCase] { LeakCase.all(entries) }

  @HTMLBuilder private var publicFigures: HTML {
    if cases.isEmpty {
      Frame.paragraph("No source states both for an entry of this zoo.")
    } else {
      Frame.paragraph(
        "Sources that ran the same released weights in several ways. The weights were trained with "
          + "the leak; what a model trained without it reaches is another question.")
      DataTable(
        "Top-1 of the same weights, by how they were evaluated",
        columns: [
          .text("Entry"), .text("Setting"), .number("Top-1"), .number("Against the first"),
          .text("Remark"), .text("Source"),
        ],
        rows: cases.flatMap { leak in leak.figures.map { row($0, leak) } }
      ).html
    }
    notice
  }

  private func row(_ figure: Figure, _ leak: LeakCase) -> [DataTable.Cell] {
    let difference = DecimalText.fixed(leak.difference(figure), 3)
    return [
      DataTable.Cell(link(leak.entry)), DataTable.Cell(figure.settingText),
      DataTable.Cell(figure.html),
      DataTable.Cell(figure == leak.released ? "–" : Self.signed(difference) + " points"),
      DataTable.Cell(HTML.linked(figure.remark ?? "")),
      DataTable.Cell(
        HTML([HTML("\(figure.by.rawValue): "), HTML.linked(figure.source)])),
    ]
  }

  /// A number with its sign; the minus is the typographer's.
  private static func signed(_ number: String) -> String {
    number.hasPrefix("-") ? "−" + number.dropFirst() : "+" + number
  }

  private var notice: HTML {
    element("p") {
      "In May 2026 the authors added a notice to their README, as a fork carries it ("
      HTML.link(
        "https://github.com/Bernuz2003/QKFormer/commit/4c7e0356dd535fec683b6a33214ddd2c5b45e56e")
      "): they call the ImageNet results “somewhat overestimated” and the impact on CIFAR-10, "
      "CIFAR-100, CIFAR10-DVS and DVS128 “minimal”. It gives no corrected figure."
    }
  }

  // MARK: What qkzoo measured

  @HTMLBuilder private var ownMeasurements: HTML {
    let measured = entries.filter { $0.batchEffect != nil }
    if measured.isEmpty {
      Frame.paragraph("Nothing was measured for an entry of this zoo.")
    }
    for entry in measured { entry.batchEffect.map { effect(entry, $0) } }
  }

  @HTMLBuilder private func effect(_ entry: ZooEntry, _ effect: RecordedBatchEffect) -> HTML {
    element("p") {
      link(entry)
      entry.leaks
        ? ", trained as the released code does: "
        : ", trained with state kept within each sample, and evaluated here as the released code would: "
      "\(effect.correctAlone) of \(effect.count) right with each sample alone. In batches:"
    }
    DataTable(
      "What batches change in \(entry.name)",
      columns: [
        .text("Evaluation"), .number("Right"), .number("Accuracy, 95 % interval"),
        .number("Logits changed"), .number("Mean change"), .number("Largest change"),
        .number("Answers changed"),
      ],
      rows: effect.comparisons.map { Self.row($0, of: effect.count) }
    ).html
    for remark in Self.remarks(effect) { element("p") { HTML.linked(remark) } }
  }

  private static func row(
    _ comparison: RecordedBatchEffect.Comparison, of count: Int
  ) -> [DataTable.Cell] {
    func points(_ share: Double) -> String { signed(DecimalText.fixed(share * 100, 2)) }
    let interval = comparison.interval.map(points).joined(separator: " to ")
    return [
      comparison.evaluation, "\(comparison.correct) of \(count)",
      "\(points(comparison.difference)) points, \(interval)",
      "\(comparison.changedLogits) of \(count) samples",
      DecimalText.fixed(comparison.meanChange, 4), DecimalText.fixed(comparison.largestChange, 4),
      "\(comparison.changedAnswers) of \(count)",
    ].map { DataTable.Cell($0) }
  }

  private static func remarks(_ effect: RecordedBatchEffect) -> [String] {
    effect.comparisons.compactMap(\.remark).reduce(into: []) { remarks, remark in
      if !remarks.contains(remark) { remarks.append(remark) }
    }
  }

  // MARK: Which entries

  @HTMLBuilder private var concerned: HTML {
    let concerned = entries.filter(\.leaks)
    let known = Set(cases.map(\.entry.name))
    if concerned.isEmpty {
      Frame.paragraph("None of this zoo.")
    } else {
      DataTable(
        "Entries of scope batch",
        columns: [.text("Entry"), .text("Dataset"), .text("What is known without the leak")],
        rows: concerned.map { entry in
          [
            DataTable.Cell(link(entry)), DataTable.Cell(entry.dataset),
            DataTable.Cell(Self.knowledge(entry, isCase: known.contains(entry.name))),
          ]
        }
      ).html
    }
    Frame.paragraph(
      "In all other entries every neuron keeps its state within a sample, and no figure depends on "
        + "the batch.")
  }

  private static func knowledge(_ entry: ZooEntry, isCase: Bool) -> String {
    if entry.batchEffect != nil { return "measured by qkzoo" }
    return isCase ? "measured by others" : "no figure is known"
  }

  // MARK: See for yourself

  @HTMLBuilder private var commands: HTML {
    Frame.paragraph(
      "The first command evaluates labelled samples alone, in batches, and in shuffled batches; "
        + "the others run one model in either scope.")
    Frame.code(
      """
      qkzoo eval audit MODEL --data FILE --batch 32
      qkzoo run MODEL --input FILE --scope batch
      qkzoo run MODEL --input FILE --scope sample
      """, label: "Commands")
  }

  private func link(_ entry: ZooEntry) -> HTML {
    element("a", .href(.local(Frame.path(of: entry)))) { entry.name }
  }
}
