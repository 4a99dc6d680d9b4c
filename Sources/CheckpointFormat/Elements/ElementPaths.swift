import SpikingModels

/// Where each element is in a checkpoint.
enum ElementPaths {
  static let manifest = "manifest"
  static let parameters = "parameters"
  static let references = "references"
  static let records = "records"
  static let provenance = "provenance"

  /// The dataset of a parameter.
  static func parameter(_ path: String) -> String { "\(parameters)/\(path)" }

  /// The group of a reference.
  static func reference(_ index: Int) -> String { "\(references)/\(index)" }

  /// The attributes of every element and of the root, as they are written, for some objects.
  static func attributes(
    of paths: [String], _ configuration: ModelConfiguration
  ) -> [String: [String: String]] {
    let table = VersionTable.current
    return attributes(of: paths, table.written, in: table) { path, versions in
      path == manifest ? manifestVersion(configuration) : versions.last
    }
  }

  /// The lowest version of a manifest that can say a configuration, the only one that may.
  static func manifestVersion(_ configuration: ModelConfiguration) -> String {
    configuration.hasLaterMembers ? "1.1" : "1.0"
  }

  /// The attributes of every element and of the root in a file of some format; `choose` takes the
  /// version of an object out of those that its kind has.
  static func attributes(
    of paths: [String], _ format: VersionTable.Format, in table: VersionTable,
    choose: (_ path: String, _ versions: [String]) -> String?
  ) -> [String: [String: String]] {
    var attributes = [
      "/": [
        "format": FormatVersion.format, "format_version": format.version,
        "numerics_version": FormatVersion.numerics, "producer": FormatVersion.producer,
      ]
    ]
    let layout = table.layout(of: format)
    for path in paths {
      guard let kind = layout.kind(of: path) else { continue }
      attributes[path] = [FormatVersion.typeAttribute: kind]
      attributes[path]?[FormatVersion.versionAttribute] = choose(path, table.versions(of: kind))
    }
    return attributes
  }

  /// Every group above some datasets, parents first.
  static func groups(above datasets: [String]) -> [String] {
    var groups: Set<String> = []
    for dataset in datasets {
      var path = Substring(dataset)
      while let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
        path = path[..<slash]
        // The groups above one that is known are known too.
        if !groups.insert(String(path)).inserted { break }
      }
    }
    return groups.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }
}
