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
  /// - Throws: `FileFailure`.
  public static func names(in directory: String) throws -> [String] {
    guard let stream = unsafe opendir(directory) else {
      throw FileFailure.current("opendir", at: directory)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The bytes of a file of at most `limit` bytes.
  ///
  /// - Throws: `FileFailure`.
  public static func read(_ path: String, limit: Int) throws -> [UInt8] {
    let file = try MappedFile(path: path)
    guard file.size <= limit else {
      throw FileFailure(
        .tooLarge, at: path, expected: "at most \(limit) bytes", found: "\(file.size)")
    }
    return ByteRegion(file).copy()
  }

  /// Reads a file once, front to back, in pieces of up to one mebibyte.
  ///
  /// - Throws: `FileFailure`, and what `body` throws.
  public static func forEachPiece(of path: String, _ body: (RawSpan) throws -> Void) throws {
    let (descriptor, _) = try MappedFile.openRegular(path)
    defer { try? LibC.close(descriptor, path) }
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try LibC.read(descriptor, &piece, path)
      if count == 0 { return }
      try body(unsafe piece.span.bytes.extracting(0..<count))
    }
  }

  /// The folder part of a path: `.` if it has none.
  public static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last component of a path.
  public static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// A folder's path and a name below it as one path.
  public static func join(_ directory: String, _ name: String) -> String {
    directory == "." ? name : directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }
}
