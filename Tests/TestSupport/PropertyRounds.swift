import Foundation

/// How often the property tests try a random case: few times in CI, as often as one likes by hand.
///
/// `QKZOO_PROPERTY_ROUNDS=100000 swift test -c release --filter PropertyTests` tries as many cases of
/// each; the seeds are the numbers of the rounds, so a case that fails can be run again.
public enum PropertyRounds {
  /// The number in `QKZOO_PROPERTY_ROUNDS`, else the test's own.
  public static func count(usual: Int) -> Int {
    ProcessInfo.processInfo.environment["QKZOO_PROPERTY_ROUNDS"].flatMap { Int($0) } ?? usual
  }
}
