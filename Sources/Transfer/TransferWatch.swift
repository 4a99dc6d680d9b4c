import Diagnostics

/// Looks after a transfer while it runs: stops it on request, tells how far it is, and lets the
/// journal show that its process lives.
final class TransferWatch {
  private let name: String
  private let journalInterval: Duration
  private let cancellation: Cancellation
  private let report: (TransferProgress) -> Void
  private var samples: [(time: ContinuousClock.Instant, bytes: Int)] = []
  private var lastReport = ContinuousClock.now - .seconds(1)
  private var lastSave = ContinuousClock.now

  private static let reportInterval = Duration.milliseconds(100)
  /// The rate is that of so many reports.
  private static let sampleCount = 40

  init(
    _ name: String, _ options: TransferOptions, _ cancellation: Cancellation,
    _ report: @escaping (TransferProgress) -> Void
  ) {
    self.name = name
    journalInterval = options.journalInterval
    self.cancellation = cancellation
    self.report = report
  }

  /// - Throws: `TransferFailure` of code `interrupted`.
  func look(at partial: PartialFile, _ source: Address) throws {
    guard !cancellation.isCancelled else {
      throw TransferFailure(
        .interrupted, at: name, expected: "all of \(partial.total.map(String.init) ?? "its") bytes",
        found: "a request to stop after \(partial.count); the same command goes on from there")
    }
    let now = ContinuousClock.now
    if now - lastSave >= journalInterval {
      partial.saveLater()
      lastSave = now
    }
    if now - lastReport >= Self.reportInterval || partial.isComplete {
      lastReport = now
      tell(now, partial, source)
    }
  }

  private func tell(
    _ now: ContinuousClock.Instant, _ partial: PartialFile, _ source: Address
  ) {
    let bytes = partial.count
    // Starting over makes the count smaller; the rate then starts over too.
    if let last = samples.last, last.bytes > bytes { samples = [] }
    samples.append((now, bytes))
    if samples.count > Self.sampleCount { samples.removeFirst() }
    let seconds = (now - samples[0].time) / .seconds(1)
    let rate = seconds > 0 ? Double(bytes - samples[0].bytes) / seconds : 0
    report(TransferProgress(bytes: bytes, total: partial.total, rate: rate, source: source))
  }
}
