import CArguments

/// The arguments of this process, without its name.
enum Arguments {
  static var all: [String] {
    (1..<max(1, qkz_argument_count())).map { index in
      // SAFETY: an index below the count; the strings live as long as the process.
      unsafe String(cString: qkz_argument(index))
    }
  }
}
