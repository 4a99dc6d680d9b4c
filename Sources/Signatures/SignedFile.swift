import Concurrency
import Diagnostics
public import Digests
import FileAccess

/// A file that a signature covers, and the SHA-256 that it must have.
///
/// Corresponds to a resource descriptor of the method `files`.
public struct SignedFile: Sendable, Equatable {
  /// The path below the signed folder, with `/` between names; `.` for a file signed by itself.
  public let name: String
  /// The SHA-256 of its bytes.
  public let digest: Digest

  /// What tells names apart, as the file system does: Swift takes two spellings of an accented letter
  /// for the same text.
  var nameBytes: [UInt8] { Array(name.utf8) }

  /// The name of a file that was signed by itself.
  public static let itself = "."
  /// How deep folders may be nested.
  static let depthLimit = 64

  /// Names a file; the name is not checked.
  public init(name: String, digest: Digest) {
    self.name = name
    self.digest = digest
  }

  /// The file at a path, or all files of the folder there, sorted by the parts of their names.
  ///
  /// - Parameter ignoring: files and folders, by their names below the folder, that do not count.
  /// - Throws: `SignatureFailure` for a symbolic link, `FileFailure`.
  public static func all(at path: String, ignoring: Set<String> = []) throws -> [SignedFile] {
    guard Files.isDirectory(path) else {
      return [SignedFile(name: itself, digest: try SHA256.digest(ofFile: path))]
    }
    var names: [String] = []
    try collect(path, below: "", Set(ignoring.map { Array($0.utf8) }), depth: 0, into: &names)
    return try named(names, below: path)
  }

  /// The named files below a folder, in the order of their names' parts.
  ///
  /// - Throws: `FileFailure`.
  public static func named(_ names: [String], below folder: String) throws -> [SignedFile] {
    let sorted = names.map { $0.utf8.split(separator: UInt8(ascii: "/")).map(Array.init) }
      .sorted { $0.lexicographicallyPrecedes($1) { $0.lexicographicallyPrecedes($1) } }
      .map { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/") }
    return try sorted.concurrentMap { name in
      SignedFile(name: name, digest: try SHA256.digest(ofFile: Files.join(folder, name)))
    }
  }

  /// The SHA-256 over the digests of some files, in their order.
  static func root(of files: [SignedFile]) -> Digest {
    SHA256.digest(of: files.flatMap(\.digest.bytes))
  }

  /// Requires the last name of a path to be UTF-8: other bytes are read as U+FFFD, so that two names
  /// could become one.
  ///
  /// - Throws: `SignatureFailure`.
  public static func requireUTF8(_ path: String) throws {
    guard !Files.name(of: path).unicodeScalars.contains("\u{FFFD}") else {
      throw SignatureFailure(
        .statement, at: path, expected: "names of files in UTF-8", found: "another name")
    }
  }

  /// Requires neither a file below a folder nor a folder between to be a symbolic link.
  static func requireNoLink(to name: String, below folder: String) throws {
    var path = folder
    for part in name.utf8.split(separator: UInt8(ascii: "/")) {
      path = Files.join(path, String(decoding: part, as: UTF8.self))
      try requireNoLink(path)
    }
  }

  private static func requireNoLink(_ path: String) throws {
    guard !Files.isLink(path) else {
      throw SignatureFailure(
        .link, at: path, expected: "files and folders only", found: "a symbolic link")
    }
  }

  private static func collect(
    _ folder: String, below prefix: String, _ ignoring: Set<[UInt8]>, depth: Int,
    into names: inout [String]
  ) throws {
    guard depth <= depthLimit else {
      throw SignatureFailure(
        .statement, at: folder, expected: "at most \(depthLimit) folders in each other",
        found: "more")
    }
    for name in try Files.repairedNames(in: folder)
    where !ignoring.contains(Array((prefix + name).utf8)) {
      let path = Files.join(folder, name)
      try requireUTF8(path)
      try requireNoLink(path)
      if Files.isDirectory(path) {
        try collect(path, below: "\(prefix)\(name)/", ignoring, depth: depth + 1, into: &names)
      } else {
        names.append(prefix + name)
      }
    }
  }
}
