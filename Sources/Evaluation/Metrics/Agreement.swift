import Diagnostics

/// Whether a measured share of right answers agrees with a reported one, by a rule that is said.
///
/// They agree if they differ by no more than half a unit of the reported figure's last digit, plus
/// 1.96 binomial standard errors of so many samples: those of the measured share or of the reported
/// one, whichever are larger, because a share of 0 or 1 has none of its own. They are equal if the
/// measured share, rounded to as many digits, is the reported figure.
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

  /// The larger one of the binomial standard errors that the measured and the reported share have
  /// at the measured number of samples, in points.
  public var standardError: Double {
    guard measured.count > 0 else { return 0 }
    let share = min(max(reported / 100, 0), 1)
    let ofReported = (share * (1 - share) / Double(measured.count)).squareRoot()
    return max(measured.standardError, ofReported) * 100
  }

  /// How far apart the two may be, in points.
  public var tolerance: Double { rounding + Self.quantile * standardError }

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
      + DecimalText.fixed(standardError, 3)
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
