import Glibc

extension Cancellation {
  /// What stops when the process is asked to end.
  private static let ofProcess = Cancellation()

  /// A wish that SIGINT and SIGTERM state; a second one ends the process at once.
  ///
  /// For executables: signals belong to the process, so a library must not call this. A file that
  /// may not grow and a connection that has gone become errors instead of ends of the process.
  public static func bySignals() -> Cancellation {
    let cancellation = ofProcess
    for number in [SIGINT, SIGTERM] {
      // What the handler calls, an atomic store and signal(2), may be called at any moment.
      signal(number) { number in
        Cancellation.ofProcess.cancel()
        signal(number, SIG_DFL)
      }
    }
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    return cancellation
  }
}
