import Diagnostics
import Digests
import Markup
import ModelZoo

extension EntryPage {
  /// Where it comes from and how it is known.
  @HTMLBuilder var provenance: HTML {
    sources
    files
    element("h3") { "Licences" }
    Frame.definitions(
      entry.licences.sorted { $0.key < $1.key }.map { ($0.key, HTML.linked($0.value)) })
    if !entry.evidence.isEmpty {
      element("h3") { "Evidence" }
      Frame.definitions(entry.evidence.map { ($0.rung, HTML.linked($0.detail)) })
    }
    if !entry.notes.isEmpty {
      element("h3") { "Notes" }
      element("ul") { for note in entry.notes { element("li") { HTML.linked(note) } } }
    }
  }

  @HTMLBuilder private var sources: HTML {
    if entry.sources.isEmpty {
      Frame.paragraph("No source is known.")
    } else {
      DataTable(
        "Sources and their last known state",
        columns: [
          .text("Kind"), .text("Address"), .text("State"), .text("As of"), .text("Remark"),
        ],
        rows: entry.sources.map { source in
          [
            DataTable.Cell(source.kind), DataTable.Cell(HTML.link(source.address)),
            DataTable.Cell(element("span", .class("state")) { source.state.rawValue }),
            DataTable.Cell(source.asOf), DataTable.Cell(HTML.linked(source.remark ?? "")),
          ]
        }
      ).html
    }
  }

  @HTMLBuilder private var files: HTML {
    if entry.files.isEmpty {
      Frame.paragraph("No file of this entry is known by name.")
    } else {
      DataTable(
        "Files and their digests",
        columns: [
          .text("Name"), .text("Role"), .number("Bytes"), .text("SHA-256"), .text("MD5"),
        ],
        rows: entry.files.map { file in
          [
            DataTable.Cell(element("code", .class("digest")) { file.name }),
            DataTable.Cell(file.role.rawValue),
            DataTable.Cell(file.size.map(DecimalText.grouped) ?? "not known"),
            DataTable.Cell(Self.digest(file.sha256?.hex)),
            DataTable.Cell(Self.digest(file.md5?.hex)),
          ]
        }
      ).html
    }
  }
}
