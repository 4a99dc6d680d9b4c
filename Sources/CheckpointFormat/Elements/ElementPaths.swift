import HDF5Subset

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

  /// What kind of element an object is, if it is the root of one.
  static func kind(of path: String) -> ElementKind? {
    switch path {
    case manifest: return .manifest
    case parameters: return .parameters
    case references: return .references
    case records: return .records
    case provenance: return .provenance
    default:
      guard path.hasPrefix(references + "/") else { return nil }
      return Int(path.dropFirst(references.count + 1)) != nil ? .reference : nil
    }
  }

  /// The attributes of every element and of the root, for some objects.
  static func attributes(of paths: [String]) -> [String: [String: String]] {
    var attributes = [
      "/": [
        "format": FormatVersion.format, "format_version": FormatVersion.current,
        "numerics_version": FormatVersion.numerics, "producer": FormatVersion.producer,
      ]
    ]
    for path in paths {
      guard let kind = kind(of: path) else { continue }
      attributes[path] = [
        ElementKind.typeAttribute: kind.rawValue, ElementKind.versionAttribute: kind.version,
      ]
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
