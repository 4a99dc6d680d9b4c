import CArguments

/// The arguments of this process.
enum Arguments {
  static var all: [String] { (1..<max(1, qkz_argument_count())).map(argument) }

  /// The name under which this process was started.
  static var program: String { qkz_argument_count() > 0 ? argument(0) : "qkzoo" }

  private static func argument(_ index: Int32) -> String {
    // SAFETY: an index below the count; the strings live as long as the process.
    unsafe String(cString: qkz_argument(index))
  }
}
