import FileAccess

/// Files that ended transfers have left in a folder.
public struct Leftovers {
  /// A file that belongs to no journal is left over if it was not written to for so many seconds.
  public static let age = 3600

  /// Their paths. Files of running transfers, of this machine or another, are not among them.
  public let paths: [String]

  /// Looks for them.
  ///
  /// - Throws: `FileFailure`.
  public init(in folder: String) throws {
    guard Files.isDirectory(folder) else {
      paths = []
      return
    }
    let abandoned = try Abandoned.all(in: folder) { _ in true }
    let names = Set(try Files.repairedNames(in: folder))
    let orphans = names.filter { name in
      name.hasSuffix(".partial") || name.hasPrefix("time-") || name.hasPrefix("made-")
        || (name.hasSuffix(".part") && !names.contains(name.dropLast(5) + ".json"))
    }
    let old = orphans.sorted().map { Files.join(folder, $0) }.filter { path in
      guard let modified = try? Files.stamp(of: path).modified else { return false }
      return WallClock.seconds - modified > Self.age
    }
    paths = abandoned.flatMap { [$0.path, $0.journalPath] } + old
  }
}
