import Testing
import Transfer

/// Pauses and the end of patience.
@Suite struct PacingTests {
  private let failure = TransferFailure(.cut, at: "x", expected: "more", found: "less")

  private func pacing(_ change: (inout TransferOptions) -> Void = { _ in }) -> Pacing {
    var options = TransferOptions()
    options.pause = .milliseconds(1)
    options.retries = 3
    change(&options)
    return Pacing(options)
  }

  @Test func `failures in a row end it`() throws {
    var pacing = pacing()
    for _ in 0..<3 { try pacing.pause(after: failure, reached: true, at: 0, asked: nil) }
    #expect(throws: failure) {
      try pacing.pause(after: failure, reached: true, at: 0, asked: nil)
    }
  }

  @Test func `progress makes failures forgotten, the same bytes again do not`() throws {
    var pacing = pacing()
    for step in 1...20 {
      try pacing.pause(after: failure, reached: true, at: step << 16, asked: nil)
    }
    for _ in 0..<2 { try pacing.pause(after: failure, reached: true, at: 19 << 16, asked: nil) }
    #expect(throws: failure) {
      try pacing.pause(after: failure, reached: true, at: 20 << 16, asked: nil)
    }
  }

  @Test func `a source that was never reached is given up early`() throws {
    var pacing = pacing()
    for _ in 0..<2 { try pacing.pause(after: failure, reached: false, at: 0, asked: nil) }
    #expect(throws: failure) {
      try pacing.pause(after: failure, reached: false, at: 0, asked: nil)
    }
  }

  @Test func `a source may ask for a pause, but not for any`() throws {
    var pacing = pacing { $0.longestPause = .seconds(7) }
    try pacing.pause(after: failure, reached: true, at: 0, asked: 7)
    #expect(!pacing.mayAsk)
    #expect(throws: failure) {
      try pacing.pause(after: failure, reached: true, at: 0, asked: 8)
    }
  }
}
