import Glibc

extension Cancellation {
  /// What stops when the process is asked to end.
  private static let ofProcess = Cancellation()

  /// Does something that SIGINT, SIGTERM and SIGUSR1 cancel; a second one ends the process at once.
  ///
  /// For executables: signals belong to the process, so a library must not call this. Meanwhile a
  /// file that may not grow and a connection that has gone are errors, not ends of the process.
  public static func bySignals<Result>(
    _ body: (Cancellation) throws -> Result
  ) rethrows -> Result {
    // The handler must not be the first to touch the constant.
    let cancellation = ofProcess
    let former = [SIGINT, SIGTERM, SIGUSR1].map { number in
      // What the handler calls, an atomic store and signal(2), may be called at any moment.
      let handler = signal(number) { number in
        Cancellation.ofProcess.cancel()
        signal(number, SIG_DFL)
      }
      return (number, handler)
    }
    let before = [SIGPIPE, SIGXFSZ].map { ($0, signal($0, SIG_IGN)) }
    defer {
      for (number, handler) in former + before { signal(number, handler) }
    }
    return try body(cancellation)
  }
}
