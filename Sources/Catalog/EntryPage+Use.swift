import Diagnostics
import Markup
import ModelZoo
import SpikingModels

extension EntryPage {
  /// How to fetch it, or what to bring.
  @HTMLBuilder var fetching: HTML {
    switch entry.availability {
    case .unreleased:
      Frame.paragraph("Its weights were never released; there is nothing to fetch.")
    case .bring:
      Frame.paragraph("No address is left.")
      bringing
    case .embedded:
      Frame.paragraph("It is part of the program.")
      pulling
    case .live, .unchecked:
      if entry.sources.contains(where: \.isFetchable) {
        pulling
      } else {
        Frame.paragraph("The address is known, but not which file there; fetch it by hand.")
        bringing
      }
    }
  }

  private var pulling: HTML {
    commands(["qkzoo pull \(named)", "qkzoo verify \(named)"])
  }

  /// A copy is accepted for its digest; without one, a user must say what the file is.
  @HTMLBuilder private var bringing: HTML {
    if entry.files.contains(where: \.isKnown) {
      Frame.paragraph("If you have a copy, bring it: it is taken if it has a digest listed above.")
      commands(["qkzoo pull \(named) --from FILE"])
    } else {
      Frame.paragraph(
        "No digest was published, so a copy cannot be recognised by one: what it is rests on your "
          + "word.")
      commands(["qkzoo pull \(named) --from FILE --trust-first-use"])
    }
  }

  /// The entry as commands name it.
  private var named: String { entry.name + (index.map { " --index \(ShellWord.path($0))" } ?? "") }

  private func commands(_ lines: [String]) -> HTML {
    Frame.code(lines.joined(separator: "\n"), label: "Commands")
  }

  /// The paper and the model.
  @HTMLBuilder var citing: HTML {
    Frame.paragraph(
      "Cite the paper for the architecture, and the model by its model-id: it names configuration "
        + "and weights, in any container.")
    Frame.code(Citation.paper + "\n\n" + Citation.model(entry), label: "BibTeX")
  }
}
