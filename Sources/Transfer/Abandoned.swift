import Diagnostics
package import FileAccess

/// A partial file whose process has ended.
package struct Abandoned {
  /// After so many seconds without a sign of life a process of another machine counts as ended.
  private static let silence = 300

  /// What the process has left.
  package let journal: Journal
  let path: String
  let journalPath: String

  /// The abandoned file of a key with the most bytes; the others of that key are removed.
  ///
  /// What is no file of this user with one name counts as another: a link that somebody has put in its
  /// place goes, and what it leads to stays as it is.
  package static func best(key: String, in folder: String) throws -> Abandoned? {
    let all = try self.all(in: folder) { $0.hasPrefix(key + "~") }
    let best = all.filter { Files.isOwnFile($0.path) }.max { $0.journal.count < $1.journal.count }
    for other in all where other.path != best?.path { other.remove() }
    return best
  }

  /// Every abandoned file of a folder.
  static func all(in folder: String, where isWanted: (String) -> Bool) throws -> [Abandoned] {
    let names = try Files.repairedNames(in: folder).filter { $0.hasSuffix(".json") && isWanted($0) }
    guard !names.isEmpty else { return [] }
    let now = try presentTime(of: folder)
    return names.compactMap { name in
      let path = Files.join(folder, name)
      guard let journal = Journal(path: path) else { return nil }
      let left = Abandoned(
        journal: journal, path: String(path.dropLast(5)) + ".part", journalPath: path)
      return left.isAbandoned(now) ? left : nil
    }
  }

  /// The time by the clock of the file system, which also stamps the journals.
  private static func presentTime(of folder: String) throws -> Int {
    let path = Files.join(folder, "time-\(UInt64.random(in: .min ... .max))")
    _ = try RandomAccessFile(creating: path)
    defer { Files.remove(path) }
    return try Files.stamp(of: path).modified
  }

  private func isAbandoned(_ now: Int) -> Bool {
    if let ended = journal.owner.hasEnded { return ended }
    guard let modified = try? Files.stamp(of: journalPath).modified else { return false }
    return now - modified > Self.silence
  }

  /// Removes the file, its journal, and what the process was about to make of the journal.
  func remove() {
    Files.remove(path)
    removeJournal()
  }

  private func removeJournal() {
    Files.remove(journalPath)
    let folder = Files.directory(of: journalPath)
    let prefix = Files.name(of: journalPath) + "."
    for name in (try? Files.repairedNames(in: folder)) ?? [] where name.hasPrefix(prefix) {
      Files.remove(Files.join(folder, name))
    }
  }

  /// Makes the file ours; `nil` if another process was faster, or something else has its name now.
  ///
  /// Renaming is the claim, for only one can succeed. A process that is merely silent still has the
  /// file open, so of such a one only a copy is taken.
  package func take(as new: String) throws -> RandomAccessFile? {
    defer { removeJournal() }
    do {
      try Files.rename(path, to: new)
    } catch let failure as FileFailure where failure.code == .notFound {
      return nil
    }
    guard let file = RandomAccessFile(takingOver: new) else {
      Files.remove(new)
      return nil
    }
    return journal.owner.hasEnded == true ? file : try copy(of: file)
  }

  private func copy(of taken: RandomAccessFile) throws -> RandomAccessFile {
    let size = try taken.size()
    try AtomicFile.replace(taken.path) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      _ = try taken.read(0..<size, through: &buffer) { try output.write($0) }
      try output.finish()
    }
    return try RandomAccessFile(opening: taken.path)
  }
}
