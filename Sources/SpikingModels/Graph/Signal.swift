/// What the elements of a result can be; inferred from the operation and what it reads.
public enum Signal: Sendable, Equatable {
  /// Any float32.
  case real
  /// 0 or 1.
  case spikes
  /// Integers from 0 to a limit.
  case counts(atMost: Int)

  /// The largest integer; `nil` if the elements are real.
  public var largest: Int? {
    switch self {
    case .real: nil
    case .spikes: 1
    case .counts(let most): most
    }
  }

  /// Binary planes that hold every element: `x = sum_b 2^b x_b`; none if the elements are real.
  public var planes: Int {
    largest.map { Int.bitWidth - $0.leadingZeroBitCount } ?? 0
  }
}
