import Diagnostics
import Glibc

/// A file of lines that grows at its end; what was appended outlasts a crash.
///
/// One process at a time may have it open. A line that a crash tore apart is for the reader to drop:
/// it has no line feed.
public final class LineLog {
  private let path: String
  private let descriptor: Int32
  private var end: Int

  /// Opens a file or makes it, and keeps other processes out until this value goes.
  ///
  /// - Throws: `FileFailure`; of code `inUse` if another process has it.
  public init(path: String) throws {
    self.path = path
    descriptor = try LibC.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666)
    end = 0
    guard LibC.lock(descriptor) != .taken else {
      throw FileFailure(
        .inUse, at: path, expected: "to be the only process that writes it",
        found: "another one that does")
    }
    end = try LibC.fstat(descriptor, path).st_size
  }

  deinit { try? LibC.close(descriptor, path) }

  /// Forgets everything from an offset on.
  ///
  /// - Throws: `FileFailure`.
  public func cut(at offset: Int) throws {
    guard offset < end else { return }
    try LibC.ftruncate(descriptor, offset, path)
    try LibC.fdatasync(descriptor, path)
    end = offset
  }

  /// Appends whole lines and waits until they outlast a power cut.
  ///
  /// - Throws: `FileFailure`.
  public func append(_ lines: [UInt8]) throws {
    let bytes = unsafe lines.span.bytes
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(done..<bytes.byteCount)
      let count = try LibC.pwrite(descriptor, rest, at: end + done, path)
      guard count > 0 else { throw FileFailure.current("write", at: path) }
      done += count
    }
    try LibC.fdatasync(descriptor, path)
    end += done
  }
}

extension Files {
  /// Lends the complete lines of a file, one after the other, without their line feeds; those that
  /// another process appends meanwhile are left for the next time.
  ///
  /// - Returns: where the last complete line ends; a torn line may follow.
  /// - Throws: `FileFailure`, and what `body` throws.
  @discardableResult
  public static func forEachLine(
    of path: String, _ body: (_ line: [UInt8], _ end: Int) throws -> Void
  ) throws -> Int {
    let (descriptor, stamp) = try MappedFile.openRegular(path)
    defer { try? LibC.close(descriptor, path) }
    var (line, end) = ([UInt8](), 0)
    try forEachPiece(of: descriptor, path, upTo: stamp.size) { piece in
      // SAFETY: the buffer is only read, within the call.
      try unsafe piece.withUnsafeBytes { bytes in
        var rest = unsafe bytes[...]
        while let feed = unsafe rest.firstIndex(of: 0x0A) {
          unsafe line.append(contentsOf: rest[..<feed])
          end += line.count + 1
          try body(line, end)
          line.removeAll(keepingCapacity: true)
          unsafe rest = rest[(feed + 1)...]
        }
        unsafe line.append(contentsOf: rest)
      }
    }
    return end
  }
}

extension Files {
  /// Writes the first complete lines of some files, so many of each, one file after the other, into
  /// one file that appears when it is complete.
  ///
  /// - Throws: `FileFailure`.
  public static func concatenateLines(
    of parts: [(path: String, lines: Int)], to path: String
  ) throws {
    try AtomicFile.replace(path) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      for (path, lines) in parts {
        var (count, rest) = (0, 0)
        try forEachLine(of: path) { _, end in
          count += 1
          if count <= lines { rest = end }
        }
        try forEachPiece(of: path) { piece in
          let count = min(rest, piece.byteCount)
          rest -= count
          try output.write(piece.extracting(0..<count))
        }
      }
      try output.finish()
    }
  }
}
