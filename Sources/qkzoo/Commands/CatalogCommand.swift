import ArgumentParser
import CanonicalJSON
import Catalog
import Diagnostics
import FileAccess
import ModelZoo

/// The zoo as a web site.
struct CatalogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog",
    abstract: "Write the zoo as a static web site: a table, a page for each entry.",
    discussion: """
      The site needs no server, no scripts and no network. The folder must be empty or hold an \
      earlier catalogue, which is brought up to date.

      EXAMPLES
        qkzoo catalog -o site
        qkzoo catalog --index zoo -o site
      """)

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The folder of the site.", valueName: "directory"))
  var output: String

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, files: [])
  }

  func run() throws {
    let site = CatalogSite(try zoo.load(), place: zoo.index)
    try site.write(to: output)
    let page = Files.join(output, CatalogSite.front)
    format.print(
      Report(
        site.json,
        text: "\(site.entryCount.of("entry", "entries")) in \(site.files.count.of("file")): "
          + "open \(page)"))
  }
}
