import CHDF5

/// The library's record of what went wrong.
enum ErrorStack {
  /// The innermost message of the current stack, in lower case; the stack is cleared.
  static func rootCause() -> String {
    var message = "an unnamed error"
    unsafe withUnsafeMutablePointer(to: &message) { pointer in
      // SAFETY: the library calls back before it returns, while `message` is alive.
      _ = unsafe H5Ewalk2(
        hid_t(H5E_DEFAULT), H5E_WALK_UPWARD,
        { index, entry, data in
          guard index == 0, let text = unsafe entry?.pointee.desc, let data = unsafe data else {
            return 0
          }
          unsafe data.assumingMemoryBound(to: String.self).pointee = String(cString: text)
          return 0
        }, pointer)
    }
    _ = H5Eclear2(hid_t(H5E_DEFAULT))
    return (systemMessage(in: message) ?? message).lowercased()
  }

  /// The operating system's words, where a message of the library quotes them.
  private static func systemMessage(in message: String) -> String? {
    let label = " error message = '"
    let quoted = message.split(separator: ",").last { $0.hasPrefix(label) }
    return quoted.map { String($0.dropFirst(label.count).prefix { $0 != "'" }) }
  }
}
