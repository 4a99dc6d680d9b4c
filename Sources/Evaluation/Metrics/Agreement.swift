import Diagnostics

/// Whether a measured share of right answers agrees with a reported one, by a rule that is said.
///
/// They agree if they differ by no more than half a unit of the reported figure's last digit, plus
/// 1.96 binomial standard errors of the measured share. They are equal if the measured share,
/// rounded to as many digits, is the reported figure.
///
/// The samples of a whole split are those of the report, so the error does not stand for other
/// samples: it stands for what a run in another precision or on another machine may move. See
/// docs/evaluation.md.
public struct Agreement: Sendable, Equatable {
  /// What the rule says.
  public enum Verdict: String, Sendable {
    /// The same to the last digit that is reported.
    case equal
    /// No further apart than rounding and counting explain.
    case agrees
    /// Further apart.
    case differs
  }

  /// The two-sided 95 % quantile of the normal distribution, as the rule has it.
  public static let quantile = 1.96

  /// The reported figure, in percent.
  public let reported: Double
  /// Digits after the point of the reported figure.
  public let digits: Int
  /// What was measured.
  public let measured: Metrics.Share

  /// Compares; `digits` are those of `reported` as it is printed, unless said otherwise.
  public init(reported: Double, digits: Int? = nil, measured: Metrics.Share) {
    self.reported = reported
    self.digits = digits ?? Self.digits(of: reported)
    self.measured = measured
  }

  /// Measured less reported, in points.
  public var difference: Double { measured.value * 100 - reported }

  /// Half a unit of the last reported digit, in points.
  public var rounding: Double { (0..<digits).reduce(0.5) { unit, _ in unit / 10 } }

  /// How far apart the two may be, in points.
  public var tolerance: Double { rounding + Self.quantile * measured.standardError * 100 }

  /// What the rule says.
  public var verdict: Verdict {
    if DecimalText.fixed(measured.value * 100, digits) == DecimalText.fixed(reported, digits) {
      return .equal
    }
    return difference.magnitude <= tolerance ? .agrees : .differs
  }

  /// The verdict and what it rests on, as in
  /// `differs: -4.53 points, more than 0.39 (0.005 rounding + 1.96 x 0.196)`.
  public var words: String {
    let sign = difference > 0 ? "+" : ""
    let points = "\(sign)\(DecimalText.fixed(difference, 2)) points"
    let parts =
      "\(DecimalText.fixed(rounding, digits + 1)) rounding + 1.96 x "
      + DecimalText.fixed(measured.standardError * 100, 3)
    switch verdict {
    case .equal: return "equal to the last digit"
    case .agrees:
      return "agrees: \(points), within \(DecimalText.fixed(tolerance, 2)) (\(parts))"
    case .differs:
      return "differs: \(points), more than \(DecimalText.fixed(tolerance, 2)) (\(parts))"
    }
  }

  /// Digits after the point of the shortest text that means the number, at least one.
  private static func digits(of value: Double) -> Int {
    let text = "\(value)"
    guard !text.contains("e"), let point = text.firstIndex(of: ".") else { return 1 }
    return text.distance(from: text.index(after: point), to: text.endIndex)
  }
}
