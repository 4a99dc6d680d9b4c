import Glibc

/// Variables of this process.
enum Environment {
  /// A variable that is set and not empty.
  static func value(_ name: String) -> String? {
    // SAFETY: the string is copied before anything can change the environment; nothing here does.
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}
