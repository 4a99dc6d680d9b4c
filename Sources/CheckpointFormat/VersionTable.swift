package import CanonicalJSON

/// Which versions of the format and of its elements are read, a row for each.
///
/// What a reader does with a version is looked up here; nothing asks whether one version is below
/// another. A new version is a new row, and no row is ever removed. The last row of each is what is
/// written, but of a manifest the first that can say the configuration.
///
/// Corresponds to schemas/v1/FORMAT.md, "Unknown versions" and "Version history".
package struct VersionTable: Sendable {
  /// A version of the whole: which kinds of elements a file of it may have.
  package struct Format: Sendable {
    /// The value of `format_version`.
    package let version: String
    /// The kinds, `encoding_type`.
    package let kinds: Set<String>

    /// A row.
    package init(_ version: String, kinds: Set<String>) {
      self.version = version
      self.kinds = kinds
    }
  }

  /// Where an element is, and what it is in HDF5.
  package enum Place: Sendable {
    /// A group below the root.
    case group(String)
    /// Groups named by their numbers, below a group.
    case numbered(below: String)
    /// A dataset below the root that holds canonical JSON.
    case text(String)
  }

  /// A version of one kind of element.
  package struct Element: Sendable {
    /// The value of `encoding_type`.
    package let kind: String
    /// The value of `encoding_version`.
    package let version: String
    /// Where elements of this kind are.
    package let place: Place
    /// A text of this version as the version that is written has it.
    package let migrated: @Sendable (JSON) throws -> JSON

    /// A row; the version that is written needs no migration.
    package init(
      _ kind: String, _ version: String, _ place: Place,
      migrated: @escaping @Sendable (JSON) throws -> JSON = { $0 }
    ) {
      self.kind = kind
      self.version = version
      self.place = place
      self.migrated = migrated
    }
  }

  /// The versions of the whole.
  package let formats: [Format]
  /// The versions of the elements.
  package let elements: [Element]

  /// A table; one without a format is a programming error.
  package init(formats: [Format], elements: [Element]) {
    precondition(!formats.isEmpty, "a format")
    self.formats = formats
    self.elements = elements
  }

  /// What this software reads and writes.
  package static let current = VersionTable(
    formats: [
      Format(
        "1.0",
        kinds: ["manifest", "parameters", "references", "reference", "records", "provenance"])
    ],
    elements: [
      Element("manifest", "1.0", .text(ElementPaths.manifest)),
      // Configurations with members that 1.0 did not know.
      Element("manifest", "1.1", .text(ElementPaths.manifest)),
      Element("parameters", "1.0", .group(ElementPaths.parameters)),
      Element("references", "1.0", .group(ElementPaths.references)),
      Element("reference", "1.0", .numbered(below: ElementPaths.references)),
      Element("records", "1.0", .text(ElementPaths.records)),
      Element("provenance", "1.0", .text(ElementPaths.provenance)),
    ])
}

extension VersionTable {
  /// The format of files that are written.
  var written: Format { formats[formats.count - 1] }

  /// The format of a version; `nil` if it is not known.
  func format(_ version: String?) -> Format? { formats.first { $0.version == version } }

  /// The versions of a kind that are read, the written one last.
  func versions(of kind: String) -> [String] {
    elements.filter { $0.kind == kind }.map(\.version)
  }

  /// Where the elements of a format are.
  func layout(of format: Format) -> ElementLayout {
    ElementLayout(elements.filter { format.kinds.contains($0.kind) })
  }
}

/// Which objects of a file are elements, and of which kind.
struct ElementLayout {
  private var roots: [String: String] = [:]
  private var texts: Set<String> = []
  private var numbered: [(prefix: String, kind: String)] = []

  init(_ elements: [VersionTable.Element]) {
    for element in elements {
      switch element.place {
      case .group(let path): roots[path] = element.kind
      case .text(let path):
        roots[path] = element.kind
        texts.insert(path)
      case .numbered(let parent): numbered.append((parent + "/", element.kind))
      }
    }
  }

  /// What kind of element an object is, if it is the root of one.
  func kind(of path: String) -> String? {
    if let kind = roots[path] { return kind }
    return numbered.first {
      path.hasPrefix($0.prefix) && Int(path.dropFirst($0.prefix.utf8.count)) != nil
    }?.kind
  }

  /// Whether a dataset is an element by itself.
  func isText(_ path: String) -> Bool { texts.contains(path) }
}
