import Glibc
import Transfer

/// Ends transfers in good order when the user interrupts; what is here stays for the next time.
enum Interruption {
  /// Cancelled by SIGINT and SIGTERM once `arm` has run.
  static let cancellation = Cancellation()

  /// Takes over SIGINT and SIGTERM; a second one ends the process at once.
  static func arm() {
    // The handler must not be the first to touch the lazily made constant.
    _ = cancellation
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { number in
        Interruption.cancellation.cancel()
        _ = signal(number, SIG_DFL)
      }
    }
  }
}
