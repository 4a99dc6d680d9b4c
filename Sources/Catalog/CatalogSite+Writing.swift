import CanonicalJSON
import Diagnostics
import FileAccess
import ModelZoo

extension CatalogSite {
  /// The file that lists the others, and by which a folder is known to be a catalogue.
  static let list = "catalog.json"

  /// The most bytes of a list that are read.
  private static let listLimit = 16 << 20

  /// Writes the site into a folder, each file atomically.
  ///
  /// The folder is made if it is missing. One that holds an earlier catalogue is brought up to
  /// date, and pages of entries that are gone are removed; one that holds anything else, or whose
  /// pages are behind a symbolic link, is refused.
  ///
  /// - Throws: `CatalogFailure`, `FileFailure`.
  public func write(to folder: String) throws {
    try Self.requireOwnFolder(Frame.entries, of: folder)
    let earlier = try Self.earlierPages(in: folder)
    try Files.makingDirectories(folder) { try write(to: folder, over: earlier) }
  }

  private func write(to folder: String, over earlier: [String]) throws {
    let paths = Set(files.map(\.path))
    for path in earlier where !paths.contains(path) { Files.remove(Files.join(folder, path)) }
    // The list comes first: an interrupted catalogue is still known as one.
    try AtomicFile.replace(Files.join(folder, Self.list), with: json.canonicalBytes)
    try Files.makingDirectories(Files.join(folder, Frame.entries)) {
      for file in files {
        try AtomicFile.replace(Files.join(folder, file.path), with: Array(file.text.utf8))
      }
    }
  }

  /// Requires a folder of the catalogue not to be a link: pages would be removed and written elsewhere.
  private static func requireOwnFolder(_ name: String, of folder: String) throws {
    let path = Files.join(folder, name)
    guard !Files.isLink(path) else {
      throw CatalogFailure(
        .foreignFolder, at: path, expected: "a folder of the catalogue", found: "a symbolic link")
    }
  }

  /// The pages of entries of the catalogue that a folder holds.
  private static func earlierPages(in folder: String) throws -> [String] {
    guard Files.exists(folder), try !Files.repairedNames(in: folder).isEmpty else { return [] }
    let path = Files.join(folder, list)
    guard Files.exists(path), let bytes = try? Files.read(path, limit: listLimit),
      let json = try? JSON(parsing: bytes, at: path), json["schema"]?.string == schema
    else {
      throw CatalogFailure(
        .foreignFolder, at: folder, expected: "an empty folder or an earlier catalogue",
        found: "files without a \(list) of schema \(schema)")
    }
    let paths = json["files"]?.array?.compactMap { $0["path"]?.string } ?? []
    return paths.filter(isEntryPage)
  }

  /// Whether a path is that of an entry's page; a list of files is not trusted with any other.
  private static func isEntryPage(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0] == Frame.entries && parts[1].hasSuffix(Frame.suffix)
      && ZooEntry.isName(String(parts[1].dropLast(Frame.suffix.count)))
  }
}
