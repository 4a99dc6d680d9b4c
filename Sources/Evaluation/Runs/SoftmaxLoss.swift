/// Cross-entropy with the same bits on every machine, which the C library's `exp` does not promise.
enum SoftmaxLoss {
  /// `log(sum_j exp(x_j)) - x_label` in float64, summed from the first class to the last.
  static func loss(_ logits: [Float], label: Int) -> Double {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0.0) { $0 + exponential(Double($1) - largest) }
    return logarithm(sum) - (Double(logits[label]) - largest)
  }

  // log 2 in two parts; the first has trailing zeros, so that k times it is exact.
  private static let upper = 0x1.62e42feep-1
  private static let lower = 0x1.a39ef35793c76p-33

  /// `exp(x)` for x <= 0, by its series after a reduction to |r| <= log 2 / 2.
  static func exponential(_ x: Double) -> Double {
    guard x > -745 else { return 0 }
    let k = (x * 1.4426950408889634).rounded()
    let r = (x - k * upper) - k * lower
    var sum = 1.0
    for n in stride(from: 14.0, through: 1, by: -1) { sum = 1 + sum * r / n }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
  }

  /// `log(y)` for y >= 1, by the series of the inverse hyperbolic tangent.
  static func logarithm(_ y: Double) -> Double {
    var (m, k) = (y.significand, Double(y.exponent))
    if m > 1.4142135623730951 { (m, k) = (m / 2, k + 1) }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for n in stride(from: 25.0, through: 1, by: -2) { sum = sum * square + 1 / n }
    return k * lower + 2 * s * sum + k * upper
  }
}
