import CheckpointFormat
import Markup
import ModelZoo

extension EntryPage {
  /// What is reported, logged and measured, side by side and never mixed.
  @HTMLBuilder var accuracy: HTML {
    element("div", .class("speakers")) {
      for speaker in Figure.Speaker.allCases { column(speaker) }
    }
  }

  private func column(_ speaker: Figure.Speaker) -> HTML {
    let figures = entry.figures.filter { figure in
      figure.by == speaker && [.top1, .top5].contains(figure.metric)
    }
    let records = entry.records.accuracy.filter { $0.source.rawValue == speaker.rawValue }
    return element("div", .class("speaker")) {
      element("h3") { speaker.rawValue }
      element("p", .class("quiet")) { speaker.words }
      if figures.isEmpty && records.isEmpty {
        element("p") { "nothing" }
      } else {
        element("ul") {
          for figure in figures { item(figure) }
          for record in records { item(record) }
        }
      }
    }
  }

  private func item(_ figure: Figure) -> HTML {
    element("li") {
      element("p", .class("figure")) {
        figure.html
        " " + figure.metric.words + (figure.part.map { ", \($0)" } ?? "")
      }
      element("p") { figure.settingText }
      figure.remark.map { remark in element("p") { HTML.linked(remark) } }
      element("p", .class("quiet")) { HTML.linked(figure.source) }
    }
  }

  private func item(_ record: Records.Accuracy) -> HTML {
    element("li") {
      element("p", .class("figure")) {
        record.html
        " " + Figure.Metric.top1.words
      }
      element("p") {
        "\(record.correct) of \(record.count) right; \(record.dataset), \(record.evaluation)"
      }
      element("p", .class("quiet")) { record.by }
    }
  }
}
