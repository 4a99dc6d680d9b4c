import Diagnostics
import Glibc

/// Whole-file operations by path.
public enum Files {
  /// Whether anything is at a path.
  public static func exists(_ path: String) -> Bool {
    LibC.exists(path)
  }

  /// Whether a path names a folder.
  public static func isDirectory(_ path: String) -> Bool {
    guard let status = try? LibC.status(path) else { return false }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted bytewise, without `.` and `..`.
  ///
  /// - Throws: `FileFailure`, of code `name` for a name that is no text, which could not be opened.
  public static func names(in directory: String) throws -> [String] {
    try names(in: directory) { _ in true }
  }

  /// Some of the names in a folder. One that is no text is refused if it is wanted, with U+FFFD for what
  /// is none, and passed over if not.
  ///
  /// - Throws: as `names(in:)`.
  public static func names(
    in directory: String, where isWanted: (String) throws -> Bool
  ) throws -> [String] {
    try rawNames(in: directory).compactMap { bytes in
      let name = String(decoding: bytes, as: UTF8.self)
      guard try isWanted(name) else { return nil }
      guard String(validating: bytes, as: UTF8.self) != nil else {
        throw FileFailure(
          .name, at: join(directory, name), expected: "a name in UTF-8", found: "other bytes")
      }
      return name
    }
  }

  /// The same for those who look for names that they gave: of a name that is no text, what is none
  /// becomes U+FFFD.
  ///
  /// - Throws: `FileFailure`.
  public static func repairedNames(in directory: String) throws -> [String] {
    try rawNames(in: directory).map { String(decoding: $0, as: UTF8.self) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func rawNames(in directory: String) throws -> [[UInt8]] {
    guard let stream = unsafe opendir(directory) else {
      throw FileFailure.current("opendir", at: directory)
    }
    defer { unsafe closedir(stream) }
    let dot = UInt8(ascii: ".")
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe Array(bytes.prefix { $0 != 0 })
      }
      if name != [dot] && name != [dot, dot] { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The bytes of a file of at most `limit` bytes.
  ///
  /// - Throws: `FileFailure`.
  public static func read(_ path: String, limit: Int) throws -> [UInt8] {
    let (descriptor, stamp) = try MappedFile.openRegular(path)
    defer { try? LibC.close(descriptor, path) }
    guard stamp.size <= limit else {
      throw FileFailure(
        .tooLarge, at: path, expected: "at most \(limit) bytes", found: "\(stamp.size)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(stamp.size)
    try forEachPiece(of: descriptor, path, upTo: stamp.size) { piece in
      // SAFETY: the buffer is only read, within the call.
      unsafe piece.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    try checkUnchanged(descriptor, stamp, path)
    return bytes
  }

  /// The first bytes of a file whose size the system does not tell beforehand, as below `/proc`.
  ///
  /// - Throws: `FileFailure`.
  public static func readStream(_ path: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let (descriptor, _) = try MappedFile.openRegular(path)
    defer { try? LibC.close(descriptor, path) }
    try forEachPiece(of: descriptor, path, upTo: limit) { piece in
      // SAFETY: the buffer is only read, within the call.
      unsafe piece.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Reads a file once, front to back, in pieces of up to one mebibyte.
  ///
  /// - Throws: `FileFailure`, also if the file is not the same at the end, and what `body` throws.
  public static func forEachPiece(of path: String, _ body: (RawSpan) throws -> Void) throws {
    let (descriptor, stamp) = try MappedFile.openRegular(path)
    defer { try? LibC.close(descriptor, path) }
    try forEachPiece(of: descriptor, path, upTo: .max, body)
    try checkUnchanged(descriptor, stamp, path)
  }

  static func forEachPiece(
    of descriptor: Int32, _ path: String, upTo limit: Int, _ body: (RawSpan) throws -> Void
  ) throws {
    var piece = [UInt8](repeating: 0, count: min(limit, 1 << 20))
    var rest = limit
    while rest > 0 {
      let count = min(try LibC.read(descriptor, &piece, path), rest)
      if count == 0 { return }
      try body(unsafe piece.span.bytes.extracting(0..<count))
      rest -= count
    }
  }

  private static func checkUnchanged(
    _ descriptor: Int32, _ stamp: FileStamp, _ path: String
  ) throws {
    let now = FileStamp(try LibC.fstat(descriptor, path))
    if let change = stamp.change(to: now, at: path) { throw change }
  }

  /// Makes a folder and those above it; folders that exist are kept.
  ///
  /// - Returns: those that were made, the outermost first.
  /// - Throws: `FileFailure`.
  @discardableResult
  public static func makeDirectories(_ path: String) throws -> [String] {
    guard !isDirectory(path) else { return [] }
    let parent = directory(of: path)
    let above = parent != path && parent != "." ? try makeDirectories(parent) : []
    do {
      try LibC.mkdir(path)
    } catch {
      // Another process may have made it meanwhile.
      guard isDirectory(path) else {
        for folder in above.reversed() { LibC.rmdir(folder) }
        throw error
      }
      return above
    }
    return above + [path]
  }

  /// Makes a folder and those above it for `fill`; where that fails, those that were made and hold
  /// nothing are removed again.
  ///
  /// - Throws: `FileFailure`, and what `fill` throws.
  public static func makingDirectories<Result>(
    _ path: String, fill: () throws -> Result
  ) throws -> Result {
    let made = try makeDirectories(path)
    do {
      return try fill()
    } catch {
      removeEmpty(made)
      throw error
    }
  }

  /// Removes those of some folders that hold nothing, the last first.
  public static func removeEmpty(_ folders: [String]) {
    for folder in folders.reversed() { LibC.rmdir(folder) }
  }

  /// Removes a file; that it is not there is no error.
  public static func remove(_ path: String) { LibC.unlink(path) }

  /// Gives a file another name on the same file system, at once, and replaces a file of that name.
  ///
  /// - Throws: `FileFailure`.
  public static func rename(_ old: String, to new: String) throws { try LibC.rename(old, new) }

  /// Takes everybody's right to write to a file; who may read it stays.
  ///
  /// - Throws: `FileFailure`.
  public static func makeReadOnly(_ path: String) throws {
    try LibC.chmod(path, LibC.status(path).st_mode & 0o444)
  }

  /// Hands everything printed so far to the system, which may refuse it.
  ///
  /// - Throws: `FileFailure`.
  public static func flushStreams() throws {
    if fflush(nil) != 0 { throw FileFailure.current("write", at: "standard output") }
  }

  /// Makes a folder's names outlast a power cut.
  ///
  /// - Throws: `FileFailure`.
  public static func synchronizeDirectory(_ path: String) throws {
    let descriptor = try LibC.open(path, O_RDONLY)
    defer { try? LibC.close(descriptor, path) }
    try LibC.fsync(descriptor, path)
  }

  /// Size and age of a file.
  ///
  /// - Throws: `FileFailure`.
  public static func stamp(of path: String) throws -> FileStamp {
    FileStamp(try LibC.status(path))
  }

  /// What a symbolic link points to.
  ///
  /// - Throws: `FileFailure`.
  public static func target(ofLink path: String) throws -> String { try LibC.readlink(path) }

  /// The bytes that this user may still write on the file system of a folder.
  ///
  /// - Throws: `FileFailure`.
  public static func freeSpace(in directory: String) throws -> Int {
    let status = try LibC.fileSystemStatus(directory)
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(
      by: UInt64(status.f_frsize))
    return overflow ? .max : Int(clamping: bytes)
  }

  /// Copies a file; the copy appears under its name only when it is complete, and nobody may do more with
  /// it than with the original.
  ///
  /// - Throws: `FileFailure`.
  public static func copy(_ path: String, to copy: String) throws {
    let mode = try LibC.status(path).st_mode
    try AtomicFile.replace(copy, allowing: mode) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      try forEachPiece(of: path) { try output.write($0) }
      try output.finish()
    }
  }

  /// The folder part of a path: `.` if it has none.
  public static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: slash) else { return "." }
    return slash == path.startIndex
      ? "/" : String(decoding: path.utf8[..<slash], as: UTF8.self)
  }

  /// The last component of a path.
  public static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: slash) else { return path }
    return String(decoding: path.utf8[path.utf8.index(after: slash)...], as: UTF8.self)
  }

  /// Whether a path that somebody else wrote stays below the folder that it is taken from: relative,
  /// not empty, without `..`, and with `isStrict` without `.` and empty names.
  public static func isBelow(_ path: String, isStrict: Bool = false) -> Bool {
    let parts = path.utf8.split(separator: slash, omittingEmptySubsequences: false)
    let refused: Set = isStrict ? ["", ".", ".."] : [".."]
    return !path.isEmpty && path.utf8.first != slash
      && !parts.contains { refused.contains(String(decoding: $0, as: UTF8.self)) }
  }

  /// The system separates names at this byte, also where a combining mark follows and Swift sees
  /// another character.
  private static let slash = UInt8(ascii: "/")

  /// A folder's path and a name below it as one path.
  public static func join(_ directory: String, _ name: String) -> String {
    directory == "." ? name : directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }
}

/// What tells whether a file was changed since it was last looked at.
public struct FileStamp: Sendable, Hashable {
  /// The size in bytes.
  public let size: Int
  /// When its content was last changed, in seconds since 1970.
  public let modified: Int
  /// The nanoseconds of that time.
  public let nanoseconds: Int

  /// The stamp of what the system says.
  init(_ status: stat) {
    self.init(
      size: status.st_size, modified: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }

  /// A stamp from its numbers.
  public init(size: Int, modified: Int, nanoseconds: Int) {
    self.size = size
    self.modified = modified
    self.nanoseconds = nanoseconds
  }
}
