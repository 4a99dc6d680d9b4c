import Diagnostics

/// What was assumed of samples and nothing proves.
enum Notes {
  /// A line for each on standard error.
  static func print(_ notes: [String]) {
    for note in notes { StandardError.print("qkzoo: note: \(note)") }
  }
}

/// What is said of samples of event frames without any event, which are frames of zeros.
enum NoEvents {
  /// As in `2 samples are clips without any event`; `nil` if there are none.
  static func words(_ count: Int) -> String? {
    count == 0 ? nil : "\(count.grouped) samples are clips without any event"
  }

  /// The same at the end of a sentence; nothing if there are none.
  static func suffix(_ count: Int) -> String { words(count).map { "; \($0)" } ?? "" }
}
