import CFileAccess
import Glibc

/// The C library's file calls, each wrapped once under its own name; a failure becomes a
/// `FileFailure` here and nowhere else.
enum LibC {
  static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) throws -> Int32 {
    try checked(unsafe Glibc.open(path, flags | O_CLOEXEC, mode), "open", path)
  }

  static func close(_ descriptor: Int32, _ path: String) throws {
    _ = try checked(Glibc.close(descriptor), "close", path)
  }

  static func fsync(_ descriptor: Int32, _ path: String) throws {
    // A folder on some file systems cannot be synced; that is no error of ours.
    let result = Glibc.fsync(descriptor)
    if result != 0 && errno == EINVAL { return }
    _ = try checked(result, "fsync", path)
  }

  /// What became of the wish to be a file's only writer.
  enum Lock { case held, taken, unsupported }

  /// Locks a file for as long as it is open here; does not wait.
  static func lock(_ descriptor: Int32) -> Lock {
    switch qkz_lock_open_file(descriptor) {
    case 0: .held
    case -1: .taken
    default: .unsupported
    }
  }

  static func rename(_ old: String, _ new: String) throws {
    _ = try checked(unsafe Glibc.rename(old, new), "rename", new)
  }

  static func unlink(_ path: String) { _ = unsafe Glibc.unlink(path) }

  /// Removes a file or an empty folder.
  static func remove(_ path: String) { _ = unsafe Glibc.remove(path) }

  /// Removes an empty folder; anything else stays.
  static func rmdir(_ path: String) { _ = unsafe Glibc.rmdir(path) }

  static func mkdir(_ path: String) throws {
    _ = try checked(unsafe Glibc.mkdir(path, 0o777), "mkdir", path)
  }

  static func chmod(_ path: String, _ mode: mode_t) throws {
    _ = try checked(unsafe Glibc.chmod(path, mode), "chmod", path)
  }

  static func fchmod(_ descriptor: Int32, _ mode: mode_t, _ path: String) throws {
    _ = try checked(Glibc.fchmod(descriptor, mode), "chmod", path)
  }

  static func fdatasync(_ descriptor: Int32, _ path: String) throws {
    _ = try checked(Glibc.fdatasync(descriptor), "fdatasync", path)
  }

  static func ftruncate(_ descriptor: Int32, _ size: Int, _ path: String) throws {
    _ = try checked(Glibc.ftruncate(descriptor, size), "ftruncate", path)
  }

  static func fileSystemStatus(_ path: String) throws -> statvfs {
    var status = statvfs()
    _ = try checked(unsafe statvfs(path, &status), "statvfs", path)
    return status
  }

  static func readlink(_ path: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    // SAFETY: the buffer's own address and length; the bytes of a path have no sign.
    let count = try unsafe buffer.withUnsafeMutableBytes { bytes in
      try checked(
        unsafe Glibc.readlink(path, bytes.bindMemory(to: CChar.self).baseAddress!, bytes.count),
        "readlink", path)
    }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }

  static func realpath(_ path: String) throws -> String {
    guard let text = unsafe Glibc.realpath(path, nil) else {
      throw FileFailure.current("realpath", at: path)
    }
    // SAFETY: the text is the caller's to free, and is copied before.
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  static func exists(_ path: String) -> Bool { unsafe Glibc.access(path, F_OK) == 0 }

  static func status(_ path: String) throws -> stat {
    var status = Glibc.stat()
    _ = try checked(unsafe stat(path, &status), "stat", path)
    return status
  }

  /// Of the link itself, where the path names one.
  static func lstat(_ path: String) throws -> stat {
    var status = Glibc.stat()
    _ = try checked(unsafe Glibc.lstat(path, &status), "stat", path)
    return status
  }

  static func fstat(_ descriptor: Int32, _ path: String) throws -> stat {
    var status = Glibc.stat()
    _ = try checked(unsafe Glibc.fstat(descriptor, &status), "fstat", path)
    return status
  }

  /// Makes a call again until no signal interrupts it.
  private static func uninterrupted(
    _ name: String, _ path: String, _ call: () -> Int
  ) throws -> Int {
    while true {
      let count = call()
      if count < 0 && errno == EINTR { continue }
      return try checked(count, name, path)
    }
  }

  static func read(_ descriptor: Int32, _ buffer: inout [UInt8], _ path: String) throws -> Int {
    try uninterrupted("read", path) {
      // SAFETY: the buffer's own address and length.
      unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
    }
  }

  static func write(_ descriptor: Int32, _ bytes: RawSpan, _ path: String) throws -> Int {
    try uninterrupted("write", path) {
      // SAFETY: the buffer's own address and length.
      unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
    }
  }

  static func pread(
    _ descriptor: Int32, _ buffer: inout [UInt8], at offset: Int, _ path: String
  ) throws -> Int {
    try uninterrupted("read", path) {
      // SAFETY: the buffer's own address and length.
      unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.pread(descriptor, $0.baseAddress, $0.count, offset)
      }
    }
  }

  static func pwrite(
    _ descriptor: Int32, _ bytes: RawSpan, at offset: Int, _ path: String
  ) throws -> Int {
    try uninterrupted("write", path) {
      // SAFETY: the buffer's own address and length.
      unsafe bytes.withUnsafeBytes {
        unsafe Glibc.pwrite(descriptor, $0.baseAddress, $0.count, offset)
      }
    }
  }

  static func mmap(_ descriptor: Int32, size: Int, _ path: String) throws -> UnsafeMutableRawPointer
  {
    let address = unsafe Glibc.mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw FileFailure.current("mmap", at: path)
    }
    return unsafe address
  }

  private static func checked<Value: SignedInteger>(
    _ result: Value, _ call: String, _ path: String
  ) throws -> Value {
    guard result >= 0 else { throw FileFailure.current(call, at: path) }
    return result
  }
}
