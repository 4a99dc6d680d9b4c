public import CanonicalJSON
import Digests
import Markup
public import ModelZoo

/// A zoo as a static web site: a table of the entries, a page for each, and one on the batch leak.
///
/// The same zoo gives the same bytes.
public struct CatalogSite: Sendable {
  /// A file of the site.
  public struct File: Sendable, Equatable {
    /// Where it is, relative to the site.
    public let path: String
    /// Its content.
    public let text: String
  }

  /// The files, in the order of their paths.
  public let files: [File]
  /// The number of entries.
  public let entryCount: Int

  /// The page to open first.
  public static let front = Frame.index

  /// Lays out the site of a zoo; `place` is what `--index` takes, if it is not the compiled-in one.
  public init(_ zoo: ZooIndex, place: String? = nil) {
    let entries = zoo.entries.sorted { ($0.availability, $0.name) < ($1.availability, $1.name) }
    let pages =
      [IndexPage(entries: entries).page, BatchLeakPage(entries: entries).page]
      + entries.map { EntryPage(entry: $0, index: place).page }
    let files =
      pages.map { File(path: $0.path, text: $0.document.html.text) }
      + [File(path: Frame.stylesheet, text: Stylesheet.text)]
    self.files = files.sorted { $0.path < $1.path }
    entryCount = entries.count
  }

  /// The value of `schema` in the list of files.
  public static let schema = "qkzoo.catalog/1"

  /// The list of the site's files, which the site carries and `qkzoo catalog --json` prints.
  public var json: JSON {
    [
      "schema": .string(Self.schema), "entries": .integer(entryCount),
      "files": .array(
        files.map { file in
          [
            "path": .string(file.path), "size": .integer(file.text.utf8.count),
            "sha256": .string(SHA256.digest(of: file.text).hex),
          ]
        }),
    ]
  }
}
