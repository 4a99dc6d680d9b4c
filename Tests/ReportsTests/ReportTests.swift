import CanonicalJSON
import Evaluation
import Foundation
import ModelZoo
import Reports
import SpikeInference
import SpikingModels
import TestSupport
import Testing

/// An evaluation as a page, a row, and in the forms of model collections.
@Suite struct ReportTests {
  /// Marks that mean something in HTML, YAML, CSV, LaTeX or Markdown.
  private static let hostile = "</td><script>alert('1')</script>\" |`_*&%$#{}~^\\ \u{202E}\n- a: b"

  private func subject(
    name: String = "a-model", rules: String = "per-image", file: String = "image",
    shift: Int = 0, classes: Int = 5, entry: ZooEntry? = nil, dataset: String? = nil,
    split: String = "test", evaluation: String = "per-image", notes: [String] = []
  ) throws -> ReportSubject {
    let configuration = TinyModel.configuration()
    let plan = NetworkPlan(configuration)
    let engine = try ReferenceForward(
      plan.graph, ModelWeights(plan.graph, parameters: TinyModel.parameters(configuration)))
    var counter = ActivityCounter()
    _ = try engine.logits(
      of: InputBatch(TinyModel.input(configuration, batch: 1), for: configuration.graph, name: "x"),
      observer: &counter)
    let answers = (0..<40).map { index in
      let label = index % classes
      let answer = index < shift || index % 8 == 7 ? (label + 1) % classes : label
      return ReportSubject.Answer(
        index: index, file: "\(file) \(index)", label: label,
        top5: [answer, label, (label + 2) % classes], loss: 0.5)
    }
    return ReportSubject(
      name: name, modelID: String(repeating: "ab", count: 32),
      weightsID: String(repeating: "cd", count: 32), configuration: configuration,
      rules: .init(
        name: rules, words: "each sample alone; \(name)", evaluation: evaluation,
        digest: String(repeating: "ef", count: 32),
        dataset: dataset ?? "numbers \(name)", split: split, count: 40,
        size: plan.nominalSize, picture: .init(shorterSide: 256, side: 224), notes: notes),
      answers: answers, batchSizes: [32, 8], activity: counter,
      energies: EnergyConvention.available(for: counter).map {
        .init(EnergyEstimate($0, graph: plan.graph, activity: counter))
      },
      environment: [("software", "qkzoo"), ("machine", name)], entry: entry)
  }

  private func page(_ subject: ReportSubject, other: ReportSubject? = nil) -> String {
    ReportPage(subject, other: other).text
  }

  // MARK: The page

  @Test func `the page says what was measured, and how`() throws {
    let text = page(try subject())
    #expect(text.contains("87.50 % ± 5.23 top-1: 35 of 40 right, protocol per-image."))
    for part in ["accuracy", "protocol", "classes", "firing", "energy", "environment", "cite"] {
      #expect(text.contains("<h2 id=\"\(part)\">"), "\(part)")
    }
    #expect(text.contains(String(repeating: "ef", count: 32)))
    #expect(text.contains("<td role=\"cell\" data-label=\"ACs\""))
    #expect(text.contains("class=\"plot\""))
    #expect(!text.contains("id=\"differences\""))
  }

  @Test func `the page says what was assumed`() throws {
    #expect(!page(try subject()).contains("assumed"))
    let text = page(try subject(notes: ["a file that nobody published", Self.hostile]))
    #expect(text.contains("<dt>assumed</dt>") && text.contains("a file that nobody published"))
    #expect(!text.contains("<script>alert"))
  }

  @Test func `the page loads nothing, and its policy allows nothing`() throws {
    let text = page(try subject(), other: try subject(rules: "released", shift: 3))
    for needle in ["<script", "<link", "<img", "src=", "@import", "url(", "http-equiv=\"refresh\""]
    {
      #expect(!text.contains(needle), "\(needle)")
    }
    let policy = try #require(
      text.range(of: "default-src 'none'|default-src &#39;none&#39;", options: .regularExpression))
    #expect(text[policy.lowerBound...].prefix(200).contains("sha256-"))
    let ids = text.components(separatedBy: " id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(Set(ids).count == ids.count)
    for link in text.components(separatedBy: " href=\"").dropFirst().map({
      String($0.prefix { $0 != "\"" })
    }) where !link.hasPrefix("https://") {
      #expect(link.hasPrefix("#") && ids.contains(link.dropFirst()), "\(link)")
    }
  }

  @Test func `hostile names stay texts`() throws {
    let text = page(
      try subject(name: Self.hostile, file: Self.hostile),
      other: try subject(name: Self.hostile, rules: Self.hostile, file: Self.hostile, shift: 4))
    #expect(!text.contains("<script") && !text.contains("alert('") && !text.contains("\u{202E}"))
    #expect(text.contains("&lt;/td&gt;&lt;script&gt;"))
  }

  @Test func `two evaluations are compared sample by sample`() throws {
    let text = page(try subject(), other: try subject(rules: "released", shift: 3))
    #expect(
      text.contains(
        "3 of 40 samples: 3 right under per-image only, 0 right under released only, 0 wrong under both."
      ))
    #expect(text.contains("image 2") && !text.contains("image 3<"))
  }

  @Test func `what others state is compared by the rule`() throws {
    let zoo = try ZooIndex.compiledIn()
    let entry = try #require(try zoo.entry("HST-10-384"))
    let text = page(try subject(entry: entry, dataset: "imagenet-1k", split: "val"))
    #expect(text.contains("class=\"verdict agrees\"") || text.contains("class=\"verdict differs\""))
    #expect(text.contains("rounding + 1.96 x"))
    #expect(page(try subject()).contains("The model is in no zoo"))
  }

  @Test func `a figure is judged with the digits that its source prints`() throws {
    let plain = try #require(try ZooIndex.compiledIn().entry("HST-10-384"))
    func entry(digits: Int) throws -> ZooEntry {
      var members = plain.json.object ?? [:]
      var figures = members["figures"]?.array ?? []
      var figure = figures[0].object ?? [:]
      figure["digits"] = .integer(digits)
      figures[0] = .object(figure)
      members["figures"] = .array(figures)
      return try ZooEntry(json: .object(members), at: "entry")
    }
    let one = try subject(entry: entry(digits: 2), dataset: "imagenet-1k", split: "val")
    #expect(one.comparisons.map(\.agreement.digits) == [2, 3, 3, 3, 3, 3])
    #expect(one.comparisons[0].agreement.rounding == 0.005)
    #expect(page(one).contains("78.80 %"))
    #expect(one.entry?.figures[0].text == "78.80 %")
    for digits in [-1, 0, 13] {
      #expect(try Refusal.of { _ = try entry(digits: digits) }?.name == "zoo-entry")
    }
  }

  @Test func `figures of other data are not judged`() throws {
    let zoo = try ZooIndex.compiledIn()
    let entry = try #require(try zoo.entry("HST-10-384"))
    for (dataset, split) in [("folder", "val"), ("imagenet-1k", "train"), ("cifar10", "test")] {
      let other = try subject(entry: entry, dataset: dataset, split: split)
      #expect(other.comparisons.isEmpty)
      #expect(page(other).contains("What others state of this model is of other data than"))
    }
    let digits = try #require(try zoo.entry("qkformer-digits"))
    #expect(try subject(entry: digits, dataset: "digits", split: "test").comparisons.isEmpty)
    #expect(try subject(entry: digits, dataset: "digits-test", split: "all").comparisons.count == 2)
  }

  @Test(
    arguments: [
      ("per-image", [nil, false, false, false, true, true]),
      ("batch 32, file order", [nil, true, true, true, false, false]),
      ("batch 32, shuffled (seed 1)", [nil, false, false, false, false, false]),
      ("batch 24, file order", [nil, false, false, false, false, false]),
    ] as [(String, [Bool?])])
  func `a figure of another setting is marked as one`(
    _ evaluation: String, _ same: [Bool?]
  ) throws {
    let entry = try #require(try ZooIndex.compiledIn().entry("HST-10-384"))
    let one = try subject(
      entry: entry, dataset: "imagenet-1k", split: "val", evaluation: evaluation)
    // As reported, the log's top-1 and top-5, batches of 32, batches of 1, the neuron mended.
    #expect(one.comparisons.map(\.stated) == [78.8, 78.854, 94.654, 78.732, 74.202, 74.196])
    #expect(one.comparisons.map(\.isSameSetting) == same)
    #expect(page(one).contains("another setting; ") == same.contains(false))
  }

  @Test(arguments: ["time_steps", "image_size"])
  func `another T or extent is another setting, and no listing`(_ override: String) throws {
    let entry = try #require(try ZooIndex.compiledIn().entry("HST-10-384"))
    var one = try subject(
      entry: entry, dataset: "imagenet-1k", split: "val", evaluation: "batch 32, file order")
    one.rules.overrides = [override]
    #expect(one.comparisons.map(\.isSameSetting) == Array(repeating: false, count: 6))
    let digits = try #require(try ZooIndex.compiledIn().entry("qkformer-digits"))
    var counted = try subject(entry: digits, dataset: "digits-test", split: "all")
    #expect(counted.comparisons.map(\.isSameSetting) == [true, true])
    counted.rules.overrides = ["batch_size", override]
    #expect(counted.comparisons.map(\.isSameSetting) == [false, false])
    #expect(
      try Refusal.of { _ = try ResultListings(one) }
        == Refusal(name: "evaluation-other-network", exitCode: 1))
    one.rules.overrides = ["batch_size", "order"]
    #expect(try Refusal.of { _ = try ResultListings(one) } == nil)
  }

  @Test func `many classes give the most frequent mistakes`() throws {
    let text = page(try subject(classes: 30))
    #expect(text.contains("The most frequent mistakes, of 5"))
    #expect(!text.contains("Confusion: rows are labels, columns are answers"))
    #expect(page(try subject()).contains("Confusion: rows are labels"))
  }

  @Test func `a part of a split is called one`() throws {
    var some = try subject()
    some.answers.removeLast(10)
    #expect(page(some).contains("Not the whole split: 30 of 40 samples."))
    #expect(PaperRow(some).sentence.contains("on 30 of the 40 samples"))
    #expect(
      try Refusal.of { _ = try ResultListings(some) }
        == Refusal(name: "evaluation-partial", exitCode: 1))
    some.answers = []
    #expect(try Refusal.of { _ = try ResultListings(some) }?.name == "evaluation-partial")
  }

  @Test func `the loss of batches is that of the batches that ran`() throws {
    var some = try subject()
    some.answers = (0..<3).map {
      .init(index: $0, file: "", label: 0, top5: [0], loss: Double($0 * $0 * 3))
    }
    some.batchSizes = [2, 0, 1]
    // A sample of the first batch, and all of the second, could not be read.
    #expect(page(some).contains(">6.7500<"))
  }

  // MARK: Energies from stats

  /// What `stats` prints of a subject's model at a T and a side of the input.
  private func stats(
    _ subject: ReportSubject, id: String? = nil, timeSteps: Int? = nil, side: Int? = nil,
    costs: String = "45 nm", convention: String = "neurobench", accumulates: Double = 10
  ) -> JSON {
    let plan = NetworkPlan(subject.configuration)
    let size = side.map { SpatialSize(height: $0, width: $0) } ?? plan.nominalSize
    let steps = timeSteps ?? subject.configuration.timeSteps
    return [
      "schema": "qkzoo.stats/1", "model_id": .string(id ?? subject.modelID), "input": "digits",
      "samples": .integer(7),
      "costs": [
        "name": .string(costs), "accumulate_pj": .number(0.25),
        "multiply_accumulate_pj": .number(3),
      ],
      "neurons": .array(
        plan.neurons(for: size).map {
          [
            "path": .string($0.path), "shape": .array($0.shape.map { .integer($0) }),
            "spikes": .array(Array(repeating: .integer(0), count: steps)),
          ]
        }),
      "energy": [
        [
          "convention": .string(convention), "source": "NeuroBench",
          "accumulates": .number(accumulates), "multiply_accumulates": .number(20),
          "millijoules": .number(0.5), "parts": [],
        ]
      ],
    ]
  }

  @Test func `energies of stats are taken for the same network only`() throws {
    var one = try subject()
    one.configuration.scope = .sample
    let good = stats(one)
    try one.addEnergies(stats: good, at: "stats")
    #expect(one.energies.map(\.convention) == ["paper", "strict", "neurobench"])
    #expect(one.energies[2].measuredOn == "7 samples of digits, each alone")
    for other in [
      stats(one, id: "00"), stats(one, timeSteps: 1), stats(one, side: 32), [:],
      stats(one, accumulates: 1e300), stats(one, accumulates: -1),
    ] {
      #expect(
        try Refusal.of { try one.addEnergies(stats: other, at: "stats") }
          == Refusal(name: "activity", exitCode: 65))
    }
    one.configuration.scope = .batch
    #expect(
      try Refusal.of { try one.addEnergies(stats: good, at: "stats") }
        == Refusal(name: "activity", exitCode: 65))
  }

  @Test func `the costs that are printed are those that were charged`() throws {
    var one = try subject()
    #expect(PaperRow(one).sentence.contains("at 0.9 pJ for an accumulate and 4.6 pJ for"))
    one.configuration.scope = .sample
    try one.addEnergies(
      stats: stats(one, costs: "a chip", convention: "paper"), at: "stats")
    #expect(
      PaperRow(one).sentence.contains(
        "at 0.25 pJ for an accumulate and 3.0 pJ for a multiply-accumulate (a chip), on 7 samples "
          + "of digits, each alone. Protocol"))
    #expect(page(one).contains("a chip: AC 0.25 pJ, MAC 3.0 pJ"))
  }

  // MARK: Rows and listings

  @Test func `a row for a paper carries sentence and model-id`() throws {
    let row = PaperRow(try subject())
    let markdown = row.markdown
    #expect(
      markdown.hasPrefix(
        "| Model | Param (M) | Input | T | Energy (mJ, paper) | Top-1 (%) | Top-5 (%) |\n"))
    #expect(markdown.contains("| 87.50 ± 5.23 | 100.00 |"))
    #expect(markdown.contains("note  = {model-id abab"))
    let latex = row.latex
    #expect(latex.contains("a-model & ") && latex.contains("87.50 $\\pm$ 5.23 & 100.00 \\\\"))
    #expect(latex.contains("@misc{a-model,") && latex.contains("zhou2024qkformer"))
  }

  @Test func `hostile names do not leave their cell`() throws {
    let row = PaperRow(try subject(name: Self.hostile))
    let line = try #require(row.markdown.split(separator: "\n").dropFirst(2).first)
    #expect(line.replacing("\\|", with: "").count { $0 == "|" } == 8)
    #expect(!line.contains("<script>"))
    let latex = try #require(row.latex.split(separator: "\n").dropFirst().first)
    #expect(latex.replacing("\\&", with: "").count { $0 == "&" } == 6)
    #expect(latex.contains("\\textbackslash{}") && !latex.contains("\u{202E}"))
  }

  @Test func `timm's table has its columns`() throws {
    let lines = try ResultListings(subject()).timmCSV.split(separator: "\n")
    #expect(
      lines[0] == "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation")
    #expect(lines[1].hasPrefix("a-model,16,87.500,12.500,100.000,0.000,0.0"))
    #expect(lines[1].hasSuffix(",0.875,bicubic") && lines[1].split(separator: ",").count == 9)
    let hostile = try ResultListings(subject(name: Self.hostile)).timmCSV
    #expect(hostile.split(separator: "\n").count == 2)
    #expect(hostile.contains("\"</td><script>alert('1')</script>\"\" |"))
    #expect(
      try ResultListings(subject(name: "=1+1")).timmCSV.split(separator: "\n")[1]
        .hasPrefix("\"'=1+1\","))
  }

  @Test func `Hugging Face's members are there, and every text is one scalar`() throws {
    let index = try ResultListings(subject()).modelIndex
    #expect(index.hasPrefix("model-index:\n- name: \"a-model\"\n  results:\n  - task:\n"))
    #expect(index.contains("      value: 87.500\n      verified: false\n"))
    let results = try ResultListings(subject()).evaluationResults(
      dataset: "ILSVRC/imagenet-1k", task: "default")
    #expect(
      results.hasPrefix(
        "- dataset:\n    id: \"ILSVRC/imagenet-1k\"\n    task_id: \"default\"\n  value: 87.500\n"))
    let listings = try ResultListings(subject(name: Self.hostile))
    for text in [
      listings.modelIndex, listings.evaluationResults(dataset: Self.hostile, task: Self.hostile),
    ] {
      #expect(!text.contains("\n- a: b") && !text.contains("\u{202E}"))
      #expect(text.contains("\\u202E\\n- a: b\""))
    }
  }
}
