import Diagnostics
import Glibc

/// A folder that appears under its name only when everything in it is written.
///
/// It is filled as a temporary sibling, synced and renamed; a failure removes the sibling. A folder that
/// it replaces is moved aside, and removed when the new one has its name.
public final class AtomicFolder {
  /// Where the complete folder will appear.
  public let path: String
  /// Files that were written.
  public private(set) var files = 0
  /// Their bytes.
  public private(set) var bytes = 0

  private let temporaryPath: String
  /// Everything that was made, what contains before what is contained.
  private var written: [Temporaries.Entry] = []
  private var folders: Set<String> = []

  /// Lets `fill` write files, then publishes the folder. An empty folder of its name is replaced;
  /// anything else is refused, but a folder that has a file of the name `replacing`: it is of the same
  /// kind.
  ///
  /// - Throws: `FileFailure`, and what `fill` throws; then nothing is left behind, and what was there
  ///   stays.
  public static func create<Result>(
    _ path: String, replacing mark: String? = nil, fill: (AtomicFolder) throws -> Result
  ) throws -> Result {
    let folder = AtomicFolder(path: path)
    try requireReplaceable(folder.path, mark)
    do {
      try folder.makeFolder("")
      let result = try fill(folder)
      try folder.publish()
      return result
    } catch {
      folder.remove()
      throw error
    }
  }

  private init(path: String) {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = trimmed
    let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
    temporaryPath = "\(trimmed).\(suffix).partial"
  }

  /// Writes a file below the folder; folders between are made.
  ///
  /// - Throws: `FileFailure`.
  public func write(_ content: [UInt8], to name: String) throws {
    let parts = name.split(separator: "/").dropLast()
    for count in parts.indices { try makeFolder(parts[...count].joined(separator: "/")) }
    let file = Files.join(temporaryPath, name)
    written.append(Temporaries.Entry(file))
    let output = try SequentialOutput(path: file)
    try output.write(unsafe content.span.bytes)
    try output.finish()
    files += 1
    bytes += content.count
  }

  private func makeFolder(_ name: String) throws {
    guard folders.insert(name).inserted else { return }
    let folder = name.isEmpty ? temporaryPath : Files.join(temporaryPath, name)
    let entry = Temporaries.Entry(folder)
    do {
      try LibC.mkdir(folder)
    } catch let failure as FileFailure where name.isEmpty {
      throw FileFailure(
        .output, at: path, expected: "a folder that can be written to", found: failure.found)
    }
    written.append(entry)
  }

  private static func requireReplaceable(_ path: String, _ mark: String?) throws {
    guard Files.exists(path) || Files.isLink(path) else { return }
    let names = Files.isDirectory(path) ? try Files.repairedNames(in: path) : nil
    if let names, !Files.isLink(path) {
      if names.isEmpty { return }
      if let mark, names.contains(mark) { return }
    }
    throw FileFailure(
      .exists, at: path,
      expected: mark.map { "a name that nothing has, or a folder with \($0)" }
        ?? "a name that nothing has",
      found: names == nil ? "a file" : "another folder")
  }

  private func publish() throws {
    for item in written.reversed() { try Files.synchronizeDirectory(item.path) }
    let aside = Files.exists(path) ? temporaryPath + ".old" : nil
    if let aside { try Files.rename(path, to: aside) }
    do {
      try Files.rename(temporaryPath, to: path)
    } catch {
      if let aside { try? Files.rename(aside, to: path) }
      throw error
    }
    try Files.synchronizeDirectory(Files.directory(of: path))
    if let aside { Self.removeTree(aside) }
  }

  /// Removes a folder and what is below it; links are removed, not followed.
  private static func removeTree(_ path: String) {
    if Files.isDirectory(path), !Files.isLink(path) {
      for name in (try? Files.repairedNames(in: path)) ?? [] { removeTree(Files.join(path, name)) }
    }
    LibC.remove(path)
  }

  private func remove() {
    for item in written.reversed() { LibC.remove(item.path) }
  }
}
