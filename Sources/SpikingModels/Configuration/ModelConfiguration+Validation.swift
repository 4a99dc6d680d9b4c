import Diagnostics

extension ModelConfiguration {
  /// Named limits; `work` keeps every product of configured sizes inside 63 bits.
  enum Limits {
    static let channels = 1...65_536
    static let pixels = 1...16_384
    static let timeSteps = 1...1_024
    static let classes = 1...1_000_000
    static let stages = 1...8
    static let blocks = 1...1024
    static let mlpRatio = 1...64
    /// Multiply-accumulates of one sample over all time steps.
    static let work = 0x1p62
  }

  /// Checks ranges and contradictions.
  ///
  /// - Throws: `ConfigurationFailure`.
  public func validate(at place: String) throws {
    let check = RangeCheck(place: place)
    try check.require(timeSteps, in: Limits.timeSteps, "time_steps")
    try check.require(classes, in: Limits.classes, "classes")
    try check.require(input.channels, in: Limits.channels, "input channels")
    try check.require(input.height, in: Limits.pixels, "input height")
    try check.require(input.width, in: Limits.pixels, "input width")
    try check.require(
      batchNormEpsilon >= 0 && batchNormEpsilon.isFinite, "batch_norm_eps",
      "a finite number, not negative", batchNormEpsilon)
    try neurons.unit.validate(at: "\(place) lif unit")
    try neurons.attention.validate(at: "\(place) lif attention")
    try design.validate(self, at: place)
    try graph.validate(at: place)
  }
}

extension LIFParameters {
  fileprivate func validate(at place: String) throws {
    let check = RangeCheck(place: place)
    try check.require(
      timeConstant >= 1 && timeConstant.isFinite, "tau", "a number of at least 1", timeConstant)
    try check.require(
      threshold.isFinite && resetPotential.isFinite && threshold > resetPotential, "v_threshold",
      "a number above v_reset", threshold)
  }
}

/// Holds values of one object against what they may be.
struct RangeCheck {
  /// Names the object in errors.
  let place: String

  /// Throws `ConfigurationFailure` unless a member is in a range.
  func require(_ number: Int, in range: ClosedRange<Int>, _ member: String) throws {
    try require(
      range.contains(number), member, "\(range.lowerBound) to \(range.upperBound)", number)
  }

  /// Throws `ConfigurationFailure` unless what is expected of a member's value holds.
  func require(
    _ holds: Bool, _ member: String?, _ expected: String, _ found: Any,
    code: ConfigurationFailureCode = .value
  ) throws {
    guard !holds else { return }
    throw ConfigurationFailure(
      code, at: member.map { "\(place) \($0)" } ?? place, expected: expected, found: "\(found)")
  }
}
