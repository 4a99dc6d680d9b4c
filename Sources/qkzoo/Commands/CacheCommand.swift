import ArgumentParser
import BlobCache
import CanonicalJSON
import Diagnostics
import Digests
import FileAccess

/// Files that were fetched.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Files that were fetched: list, check and remove them.",
    discussion: """
      The cache is the folder QKZOO_HOME, else qkzoo in XDG_CACHE_HOME or in ~/.cache. Each file \
      has its SHA-256 as its name and is read-only; several processes and machines may use one \
      cache at the same time.

      EXAMPLES
        qkzoo cache ls
        qkzoo cache verify
        qkzoo cache prune --dry-run
      """,
    subcommands: [CacheListCommand.self, CacheVerifyCommand.self, CachePruneCommand.self])
}

/// What is there.
struct CacheListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the files of the cache.",
    discussion: """
      EXAMPLES
        qkzoo cache ls
        qkzoo cache ls --json
      """)

  @OptionGroup var format: OutputOptions

  func run() throws {
    let cache = try Cache.ofUser()
    let (blobs, unknown) = try cache.contents()
    var table = TextTable()
    if !blobs.isEmpty { table.add("SHA-256", "BYTES", "NAME", "SOURCE") }
    for record in blobs.map(\.record) {
      table.add(record.sha256.short, record.size.grouped, record.name, record.source)
    }
    let total = blobs.map(\.record.size).saturatingSum
    let summary = "\(blobs.count.of("file")), \(total.of("byte")) in \(cache.root)"
    let more = unknown.isEmpty ? "" : "; \(unknown.count) without a record: qkzoo cache verify"
    let members: [String: JSON] = [
      "root": .string(cache.root), "blobs": .array(blobs.map { json($0) }),
      "unknown": .array(unknown.map { .string($0.hex) }), "bytes": .integer(total),
    ]
    let lines: PrintedText = blobs.isEmpty ? "" : "\(table.text)\n"
    format.print(Report("cache-ls", members, text: "\(lines)\(summary)\(more)"))
  }

  private func json(_ blob: CachedBlob) -> JSON {
    let record = blob.record
    return [
      "path": .string(blob.path), "name": .string(record.name), "source": .string(record.source),
      "bytes": .integer(record.size), "sha256": .string(record.sha256.hex),
      "md5": .optional(record.md5?.hex), "verified": .integer(record.verified),
    ]
  }
}

/// Whether it is what it was.
struct CacheVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read every file of the cache and check its SHA-256.",
    discussion: """
      Exits with 1 if a file is damaged; the next `pull` replaces it.

      EXAMPLES
        qkzoo cache verify
      """)

  @OptionGroup var format: OutputOptions

  func run() throws {
    let cache = try Cache.ofUser()
    let results = try cache.verify()
    let failures = results.compactMap(\.failure)
    for failure in failures { StandardError.print("qkzoo: \(failure.message)") }
    let damaged = results.filter { $0.failure != nil }.map { JSON.string($0.sha256.hex) }
    format.print(
      Report(
        "cache-verify",
        [
          "root": .string(cache.root), "holds": .bool(failures.isEmpty),
          "blobs": .integer(results.count), "damaged": .array(damaged),
        ],
        text: "\(results.count.of("file")) checked, \(failures.count) damaged"))
    if !failures.isEmpty { throw ExitCode(1) }
  }
}

/// Room for other things.
struct CachePruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Remove what ended transfers left, and files on request.",
    discussion: """
      Without arguments: partial files that no process works on, and records of files that are \
      gone. A partial file is what an interrupted `pull` would go on with.

      EXAMPLES
        qkzoo cache prune --dry-run
        qkzoo cache prune 60df41
        qkzoo cache prune --all
      """)

  @Argument(help: "Six or more digits of the SHA-256 of a file to be removed too.")
  var files: [String] = []

  @Flag(help: "Remove every file.")
  var all = false

  @Flag(help: "Only say what would be removed.")
  var dryRun = false

  @OptionGroup var format: OutputOptions

  func validate() throws {
    if all && !files.isEmpty { throw ValidationError("--all removes every file; name none") }
  }

  func run() throws {
    let cache = try Cache.ofUser()
    let pruning: Cache.Pruning =
      all ? .everything : .blobs(try files.map { try cache.digest(beginning: $0) })
    let removed = try cache.prune(pruning, isDryRun: dryRun)
    let bytes = removed.map(\.bytes).saturatingSum
    let summary =
      "\(removed.count.of("file")), \(bytes.of("byte")) \(dryRun ? "to remove" : "removed")"
    let members: [String: JSON] = [
      "root": .string(cache.root), "dry_run": .bool(dryRun), "bytes": .integer(bytes),
      "removed": .array(
        removed.map { ["path": .string($0.path), "bytes": .integer($0.bytes)] }),
    ]
    let lines = removed.map { PrintedText(escaping: $0.path) } + ["\(summary)"]
    format.print(Report("cache-prune", members, text: lines.joined(separator: "\n")))
  }
}
