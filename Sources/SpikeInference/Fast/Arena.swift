import Diagnostics
import Glibc

/// Memory that is taken once and given out in stack order; nothing else is allocated in a forward
/// pass.
@safe
final class Arena {
  private let base: UnsafeMutableRawPointer
  /// Bytes.
  let capacity: Int
  private var used = 0

  /// Every part starts on a cache line.
  private static let alignment = 64

  /// - Throws: `InferenceFailure` if the system has no such block.
  init(capacity: Int) throws {
    self.capacity = capacity
    var block: UnsafeMutableRawPointer?
    guard unsafe posix_memalign(&block, Self.alignment, capacity) == 0, let block = unsafe block
    else {
      throw InferenceFailure(
        .memory, at: "fast engine", expected: "\(capacity) bytes", found: "not as many")
    }
    unsafe base = block
  }

  deinit { unsafe free(base) }

  /// The bytes that a part takes.
  static func bytes<Element>(_ type: Element.Type, _ count: Int) -> Int {
    let bytes = count * MemoryLayout<Element>.stride
    return (bytes + alignment - 1) / alignment * alignment
  }

  /// Takes room for some trivial values, whose contents are open.
  func take<Element: BitwiseCopyable>(
    _ type: Element.Type, _ count: Int
  ) -> UnsafeMutablePointer<Element> {
    let start = used
    used += Self.bytes(type, count)
    precondition(used <= capacity, "the workspace was planned too small")
    // SAFETY: the range is inside the block, given out once until `release`, and aligned.
    return unsafe (base + start).bindMemory(to: Element.self, capacity: count)
  }

  /// Gives back what `body` takes.
  func scope<Result>(_ body: () throws -> Result) rethrows -> Result {
    let mark = used
    defer { used = mark }
    return try body()
  }
}
