import Glibc

/// The time of day.
public enum WallClock {
  /// Seconds since 1970.
  public static var seconds: Int { Int(time(nil)) }

  /// The day in Greenwich, as in `2026-11-24`.
  public static var today: String {
    var now = time(nil)
    var parts = unsafe tm()
    // SAFETY: both live to the end of the call; the fields that are read are numbers.
    unsafe gmtime_r(&now, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
  }
}
