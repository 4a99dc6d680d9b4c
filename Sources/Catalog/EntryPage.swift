import Diagnostics
import Digests
import Markup
import ModelZoo
import SpikingModels

/// All that is known of one entry.
struct EntryPage {
  let entry: ZooEntry
  /// What `--index` takes for the zoo of the entry; `nil` for the compiled-in one.
  var index: String?

  var page: Page {
    Frame.page(
      Frame.path(of: entry), title: "\(entry.name) – QKFormer model zoo", description: entry.title
    ) {
      element("h1") { entry.name }
      element("p", .class("lead")) { entry.title }
      if entry.leaks { leakNotice }
      summary
      contents
      for part in parts { Frame.section(part.id, part.title) { part.content } }
    }
  }

  private typealias Part = (id: String, title: String, content: HTML)

  private var parts: [Part] {
    [
      ("accuracy", "Accuracy", accuracy), ("firing", "Firing rates", firing),
      ("energy", "Energy", energy), ("configuration", "Configuration", configuration),
      ("provenance", "Provenance", provenance), ("get", "How to get it", fetching),
      ("cite", "How to cite it", citing),
    ]
  }

  private var contents: HTML {
    element("nav", .class("contents"), Attribute("aria-label", "On this page")) {
      element("ul") {
        for part in parts {
          element("li") { element("a", .href(.fragment(part.id))) { part.title } }
        }
      }
    }
  }

  private var leakNotice: HTML {
    element("p", .class("notice")) {
      "In this model state runs from sample to sample of a batch, so its figures depend on how "
      "samples are batched: "
      element("a", .href(.local("../" + Frame.batchLeak))) { "the batch leak" }
      "."
    }
  }

  private var summary: HTML {
    Frame.definitions([
      ("also called", HTML(entry.aliases.isEmpty ? "–" : entry.aliases.joined(separator: ", "))),
      ("dataset", HTML(entry.dataset)),
      ("parameters", HTML(DecimalText.grouped(entry.parameterCount))),
      (
        "MACs",
        HTML(
          "\(DecimalText.grouped(entry.accumulatesPerStep)) a time step, "
            + "T = \(entry.configuration.timeSteps)")
      ),
      ("available", HTML("\(entry.availability.rawValue): \(entry.availability.words)")),
      ("model-id", Self.digest(entry.modelID?.hex)),
      ("weights-id", Self.digest(entry.weightsID?.hex)),
    ])
  }

  /// Digits that may break over lines.
  static func digest(_ hex: String?) -> HTML {
    hex.map { hex in element("code", .class("digest")) { hex } } ?? HTML("not known")
  }
}
