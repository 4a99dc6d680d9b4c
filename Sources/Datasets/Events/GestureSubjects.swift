import Diagnostics
import FileAccess

/// Who made the gestures of DVS128 Gesture, which decides the split: recordings are called as in
/// `user24_led`, and users 24 to 29 are the test split.
///
/// Corresponds to `trials_to_train.txt` and `trials_to_test.txt` of the published archive.
enum GestureSubjects {
  private static let test = 24...29

  /// Requires names of recordings, or of clips, to be of no training user.
  ///
  /// - Throws: `DatasetFailure`; `place` says where the names stand.
  static func requireTest(_ names: [String], at place: String) throws {
    let training = names.filter { (1..<test.lowerBound).contains(user(of: $0) ?? 0) }
    guard let first = training.first else { return }
    throw DatasetFailure(
      .split, at: place,
      expected: "the test split, which is users \(test.lowerBound) to \(test.upperBound)",
      found: "\(training.count) of \(names.count) of the training split, as \(first)")
  }

  /// Says that some names are of no known user, so that their split is not known.
  static func notes(_ names: [String]) -> [String] {
    let unknown = names.filter { !test.contains(user(of: $0) ?? 0) }
    guard let first = unknown.first else { return [] }
    return [
      "\(unknown.count) of \(names.count) clips are not named after one of the users of the test "
        + "split, as \(first): their split is not known"
    ]
  }

  /// 24 of `3/user24_led_0.npz`; `nil` if the name is another.
  private static func user(of name: String) -> Int? {
    let name = Files.name(of: name)
    guard name.hasPrefix("user") else { return nil }
    return Int(name.dropFirst("user".count).prefix { $0.isASCII && $0.isNumber })
  }
}
