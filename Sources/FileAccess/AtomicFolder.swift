import Diagnostics
import Glibc

/// A new folder that appears under its name only when everything in it is written.
///
/// It is filled as a temporary sibling, synced and renamed; a failure removes the sibling.
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

  /// Lets `fill` write files, then publishes the folder; whatever has its name is refused.
  ///
  /// - Throws: `FileFailure`, and what `fill` throws; then nothing is left behind.
  public static func create<Result>(
    _ path: String, fill: (AtomicFolder) throws -> Result
  ) throws -> Result {
    guard !Files.exists(path) else {
      throw FileFailure(
        .exists, at: path, expected: "a name that nothing has", found: "something there")
    }
    let folder = AtomicFolder(path: path)
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

  private func publish() throws {
    for item in written.reversed() { try Files.synchronizeDirectory(item.path) }
    try Files.rename(temporaryPath, to: path)
    try Files.synchronizeDirectory(Files.directory(of: path))
  }

  private func remove() {
    for item in written.reversed() { LibC.remove(item.path) }
  }
}
