public import Diagnostics
public import Digests
import FileAccess
import Transfer

extension Cache {
  /// What is in the cache, by SHA-256, as the records say and without reading any blob.
  ///
  /// A blob without a record is left out of `blobs` and is in `unknown`.
  ///
  /// - Throws: `FileFailure`.
  public func contents() throws -> (blobs: [CachedBlob], unknown: [Digest]) {
    var blobs: [CachedBlob] = []
    var unknown: [Digest] = []
    for digest in try digests() {
      if let record = record(of: digest) {
        blobs.append(CachedBlob(path: path(of: digest), record: record))
      } else {
        unknown.append(digest)
      }
    }
    return (blobs, unknown)
  }

  /// The digests of the cache that begin with some digits.
  ///
  /// - Throws: `CacheFailure` if there is not exactly one, `FileFailure`.
  public func digest(beginning digits: String) throws -> Digest {
    let matches = try digests().filter { $0.hex.hasPrefix(digits.lowercased()) }
    guard matches.count == 1, digits.count >= 6 else {
      throw CacheFailure(
        .absent, at: digits, expected: "six or more digits of one SHA-256 in the cache",
        found: matches.count == 1 ? "fewer digits" : "\(matches.count) such blobs")
    }
    return matches[0]
  }

  /// Reads every blob and compares it with its name.
  ///
  /// - Returns: each blob with `nil`, or with what is wrong with it.
  /// - Throws: `FileFailure` if the cache cannot be read.
  public func verify() throws -> [(sha256: Digest, failure: (any Diagnosable)?)] {
    try digests().map { digest in
      do {
        try check(digest)
        return (digest, nil)
      } catch let failure as any Diagnosable {
        return (digest, failure)
      }
    }
  }

  /// What `prune` removes besides remains.
  public enum Pruning: Sendable {
    /// Nothing: partial files of ended processes, temporary files, records without a blob.
    case remains
    /// Also these blobs.
    case blobs([Digest])
    /// Also every blob.
    case everything
  }

  /// Removes what is of no use any more, and blobs on request; files of running transfers stay.
  ///
  /// - Returns: the paths and sizes of what was, or with `isDryRun` would be, removed, each once.
  /// - Throws: `FileFailure`, also for the first file that cannot be removed.
  public func prune(
    _ pruning: Pruning, isDryRun: Bool = false
  ) throws -> [(path: String, bytes: Int)] {
    var paths = try Leftovers(in: incoming).paths + temporaryFiles() + recordsWithoutBlob()
    switch pruning {
    case .remains: break
    case .blobs(let digests): paths += digests.flatMap { [path(of: $0), recordPath(of: $0)] }
    case .everything: paths += try digests().flatMap { [path(of: $0), recordPath(of: $0)] }
    }
    var seen: Set<String> = []
    return try paths.filter { seen.insert($0).inserted && Files.exists($0) }.map { path in
      let bytes = (try? Files.stamp(of: path).size) ?? 0
      if !isDryRun {
        Files.remove(path)
        guard !Files.exists(path) else {
          throw FileFailure(
            .output, at: path, expected: "a file that can be removed", found: "it is still there")
        }
      }
      return (path, bytes)
    }
  }

  private func recordsWithoutBlob() throws -> [String] {
    guard Files.isDirectory(records) else { return [] }
    return try Files.repairedNames(in: records).compactMap { name in
      guard name.hasSuffix(".json"), let digest = Digest(hex: String(name.dropLast(5))) else {
        return nil
      }
      return Files.exists(path(of: digest)) ? nil : recordPath(of: digest)
    }
  }

  /// Temporary siblings of records that nobody will rename any more.
  private func temporaryFiles() throws -> [String] {
    guard Files.isDirectory(records) else { return [] }
    return try Files.repairedNames(in: records).map { Files.join(records, $0) }.filter { path in
      path.hasSuffix(".partial") && isOld(path)
    }
  }

  private func isOld(_ path: String) -> Bool {
    guard let modified = try? Files.stamp(of: path).modified else { return false }
    return WallClock.seconds - modified > Leftovers.age
  }
}
