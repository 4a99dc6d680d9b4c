import CanonicalJSON
import Diagnostics
import FileAccess

/// A partial file whose process has ended.
struct Abandoned {
  static let schema = "qkzoo.partial/1"
  /// After so many seconds without a sign of life a process of another machine counts as ended.
  static let silence = 300
  private static let journalLimit = 1 << 20

  let path: String
  let journal: String
  let owner: Owner
  let received: RangeSet<Int>
  let total: Int?
  let version: PartialFile.Version?

  /// The abandoned file of a key with the most bytes; the others of that key are removed.
  static func best(key: String, in folder: String) throws -> Abandoned? {
    let all = try self.all(in: folder) { $0.hasPrefix(key + "~") }
    let ordered = all.sorted { $0.count > $1.count }
    for worse in ordered.dropFirst() { worse.remove() }
    return ordered.first
  }

  /// Every abandoned file of a folder.
  static func all(in folder: String, where isWanted: (String) -> Bool) throws -> [Abandoned] {
    let names = try Files.names(in: folder).filter { $0.hasSuffix(".json") && isWanted($0) }
    guard !names.isEmpty else { return [] }
    let now = try presentTime(of: folder)
    return names.compactMap { name in
      let journal = Files.join(folder, name)
      guard let left = Abandoned(journal: journal), left.isAbandoned(now) else { return nil }
      return left
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
    if let ended = owner.hasEnded { return ended }
    guard let modified = try? Files.stamp(of: journal).modified else { return false }
    return now - modified > Self.silence
  }

  var count: Int { received.ranges.reduce(0) { $0 + $1.count } }

  func remove() {
    Files.remove(path)
    Files.remove(journal)
  }

  /// Makes the file ours; false if another process was faster.
  ///
  /// Renaming is the claim, for only one can succeed. A process that is merely silent still has the
  /// file open, so of such a one only a copy is taken.
  func take(as new: String) throws -> Bool {
    do {
      try Files.rename(path, to: new)
    } catch let failure as FileFailure where failure.code == .notFound {
      return false
    }
    Files.remove(journal)
    if owner.hasEnded != true {
      try AtomicFile.replace(new) { file in
        let output = try SequentialOutput(path: file.temporaryPath)
        try Files.forEachPiece(of: new) { try output.write($0) }
        try output.finish()
      }
    }
    return true
  }

  private init?(journal: String) {
    guard let bytes = try? Files.read(journal, limit: Self.journalLimit),
      let json = try? JSON(parsing: bytes, at: journal), json["schema"]?.string == Self.schema,
      let owner = Owner(json: json["owner"]), let ranges = json["received"]?.array
    else { return nil }
    self.journal = journal
    self.owner = owner
    path = String(journal.dropLast(5)) + ".part"
    total = json["total"]?.int
    version = json["address"]?.string.map {
      PartialFile.Version(
        address: $0, etag: json["etag"]?.string, lastModified: json["last_modified"]?.string)
    }
    var received = RangeSet<Int>()
    for range in ranges {
      guard let pair = range.array, pair.count == 2, let start = pair[0].int,
        let end = pair[1].int, 0 <= start, start < end
      else { return nil }
      received.insert(contentsOf: start..<end)
    }
    self.received = received
  }
}
