import Glibc

/// One thread; must be joined or detached, once.
///
/// Not a thread of Dispatch: where some of those wait for each other, it reads `/proc`, which an
/// empty root lacks, and ends the process.
@safe
final class Thread: @unchecked Sendable {
  private let thread: pthread_t

  /// Starts a thread; `nil` if the system allows no more.
  init?(_ body: @escaping @Sendable () -> Void) {
    let box = unsafe Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    // SAFETY: the new thread takes over the box's reference; without a thread it is given back.
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    self.thread = thread
    guard code == 0 else {
      unsafe box.release()
      return nil
    }
  }

  /// Waits until it has ended.
  func join() { pthread_join(thread, nil) }

  /// Lets it end by itself.
  func detach() { pthread_detach(thread) }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
