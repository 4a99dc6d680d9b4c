import CFileAccess
import Diagnostics
import Synchronization

/// Watches the files that this process has mapped: whoever writes to such a file, or cuts it shorter,
/// changes bytes that have been verified already.
///
/// Off until an executable turns it on; libraries change neither signals nor what a failure is. Files
/// that are replaced as a whole need no watching: a mapping keeps the old file.
public enum MappedFileGuard {
  /// A mapping, with the descriptor that tells how its file is now.
  private struct Watch {
    let path: String
    let descriptor: Int32
    let stamp: FileStamp
  }

  private struct State {
    var isOn = false
    var watches: [Int32: Watch] = [:]
    var finding: FileFailure?

    mutating func look(at mapping: Int32, _ watch: Watch) {
      if finding == nil { finding = MappedFileGuard.change(of: mapping, watch) }
    }
  }

  private static let state = Mutex(State())

  /// From now on lost pages of a mapped file read as zeros instead of ending the process, and no
  /// output is published once a mapped file has changed. For executables.
  ///
  /// - Throws: `FileFailure` if the system refuses the handler.
  ///
  /// Corresponds to `sigaction(2)` for `SIGBUS`.
  public static func turnOn() throws {
    guard qkz_mappings_survive() == 0 else { throw FileFailure.current("sigaction", at: "SIGBUS") }
    state.withLock { $0.isOn = true }
  }

  /// Throws if a file has changed while it was mapped, now or earlier; nothing while the guard is off.
  ///
  /// - Throws: `FileFailure` named `file-changed`.
  public static func check() throws {
    try state.withLock { state in
      for (mapping, watch) in state.watches { state.look(at: mapping, watch) }
      if let finding = state.finding { throw finding }
    }
  }

  /// Starts to watch a mapping and takes over the descriptor of its file; `nil` leaves it to the
  /// caller.
  static func watch(
    _ base: UnsafeRawPointer, size: Int, descriptor: Int32, stamp: FileStamp, path: String
  ) -> Int32? {
    state.withLock { state in
      guard state.isOn else { return nil }
      let mapping = unsafe qkz_mapping_add(base, size)
      guard mapping >= 0 else { return nil }
      state.watches[mapping] = Watch(path: path, descriptor: descriptor, stamp: stamp)
      return mapping
    }
  }

  /// Looks at a mapping's file for the last time; the bytes may be unmapped after that.
  static func end(_ mapping: Int32) {
    state.withLock { state in
      guard let watch = state.watches.removeValue(forKey: mapping) else { return }
      state.look(at: mapping, watch)
      qkz_mapping_remove(mapping)
      try? LibC.close(watch.descriptor, watch.path)
    }
  }

  private static func change(of mapping: Int32, _ watch: Watch) -> FileFailure? {
    guard let status = try? LibC.fstat(watch.descriptor, watch.path) else { return nil }
    let isBroken = qkz_mapping_is_broken(mapping)
    let change = watch.stamp.change(to: FileStamp(status), at: watch.path)
    return change ?? (isBroken ? .changed(at: watch.path, found: "bytes that cannot be read") : nil)
  }
}

extension FileStamp {
  /// The failure if a file does not have this stamp any more.
  func change(to now: FileStamp, at path: String) -> FileFailure? {
    if now == self { return nil }
    return .changed(
      at: path, found: now.size == size ? "a file that was written to" : "\(now.size) bytes",
      expected: now.size == size ? nil : "\(size) bytes, as when it was opened")
  }
}

extension FileFailure {
  static func changed(at path: String, found: String, expected: String? = nil) -> FileFailure {
    FileFailure(
      .changed, at: path, expected: expected ?? "no change while it is in use", found: found)
  }
}
