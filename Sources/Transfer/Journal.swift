import CanonicalJSON
import Diagnostics
import FileAccess

/// What outlasts a process of its partial file: whose it is, and which parts of what are there.
package struct Journal {
  private static let schema = "qkzoo.partial/1"
  private static let limit = 1 << 20

  var owner = Owner.current
  package var total: Int?
  package var version: PartialFile.Version?
  package var received = RangeSet<Int>()

  /// The number of bytes that are there.
  package var count: Int { received.ranges.reduce(0) { $0 + $1.count } }

  /// Writes the journal at once or not at all.
  ///
  /// - Throws: `FileFailure`.
  func save(to path: String) throws {
    try AtomicFile.replace(path, with: Array(json.canonicalText.utf8))
  }

  private var json: JSON {
    [
      "schema": .string(Self.schema), "owner": owner.json,
      "total": total.map { .integer($0) } ?? .null,
      "address": .optional(version?.address), "etag": .optional(version?.etag),
      "last_modified": .optional(version?.lastModified),
      "received": .array(
        received.ranges.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) }),
    ]
  }
}

extension Journal {
  /// Reads a journal; `nil` if it is none.
  init?(path: String) {
    guard let bytes = try? Files.read(path, limit: Self.limit),
      let json = try? JSON(parsing: bytes, at: path), json["schema"]?.string == Self.schema,
      let owner = Owner(json: json["owner"]), let ranges = json["received"]?.array
    else { return nil }
    self.owner = owner
    total = json["total"]?.int
    version = json["address"]?.string.map {
      PartialFile.Version(
        address: $0, etag: json["etag"]?.string, lastModified: json["last_modified"]?.string)
    }
    for range in ranges {
      guard let pair = range.array, pair.count == 2, let start = pair[0].int,
        let end = pair[1].int, 0 <= start, start < end
      else { return nil }
      received.insert(contentsOf: start..<end)
    }
    // Whoever wrote it may be another user.
    guard total ?? .max >= received.ranges.last?.upperBound ?? 0 else { return nil }
  }
}
