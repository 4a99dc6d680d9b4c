extension Sequence<Int> {
  /// The sum of sizes that somebody else wrote, none of them negative: `Int.max` where it is larger.
  public var saturatingSum: Int {
    reduce(0) { sum, size in
      let (next, overflow) = sum.addingReportingOverflow(size)
      return overflow ? .max : next
    }
  }
}
