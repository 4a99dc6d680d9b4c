import Diagnostics

/// When a source may be asked again after it has failed.
package struct Pacing {
  private let options: TransferOptions
  private var failures = 0
  /// The most bytes that were here when the failures were counted from 0.
  private var mark = 0
  private var notBefore = ContinuousClock.now

  /// So many new bytes are a success that makes earlier failures forgotten.
  private static let progress = 1 << 16
  /// A source that was never reached is not asked more often than this.
  private static let mostKnocks = 2

  package init(_ options: TransferOptions) { self.options = options }

  /// Whether a request may be made now.
  package var mayAsk: Bool { ContinuousClock.now >= notBefore }

  /// Sets the time of the next request: later each time, by a chance that spreads clients out, and
  /// not before the source wants it.
  ///
  /// - Throws: the failure, if there were too many in a row or the source wants too long a pause.
  package mutating func pause(
    after failure: TransferFailure, reached: Bool, at bytes: Int, asked seconds: Int?
  ) throws {
    if bytes >= mark + Self.progress { (failures, mark) = (0, bytes) }
    failures += 1
    let most = reached ? options.retries : min(options.retries, Self.mostKnocks)
    let asked = Duration.seconds(min(seconds ?? 0, 1 << 32))
    guard failures <= most, asked <= options.longestPause else { throw failure }
    let own = options.pause * (1 << min(failures - 1, 16)) * Double.random(in: 0.5...1.5)
    notBefore = .now + max(asked, min(own, options.longestPause))
  }
}
