import Diagnostics
import Evaluation

/// How far an evaluation is: a bar on a terminal, elsewhere a line now and then.
struct EvaluationProgressLine {
  private let title: String
  private var lastLine = 0.0

  /// Seconds between lines where there is no terminal.
  private static let interval = 30.0
  private static let width = 20

  init(_ title: String) { self.title = title }

  mutating func show(_ progress: EvaluationRun.Progress) {
    let text = words(progress)
    if StandardError.isTerminal {
      let filled = Self.width * progress.done / max(progress.total, 1)
      let bar =
        String(repeating: "#", count: filled)
        + String(repeating: ".", count: Self.width - filled)
      StandardError.write("\u{1B}[2K\r\(title) [\(bar)] \(text)")
      if progress.done == progress.total { StandardError.clearLine() }
    } else if progress.seconds - lastLine >= Self.interval {
      lastLine = progress.seconds
      StandardError.print("qkzoo: \(title): \(text)")
    }
  }

  /// Removes the bar.
  func end() {
    StandardError.clearLine()
  }

  private func words(_ progress: EvaluationRun.Progress) -> String {
    let share = Metrics.Share(correct: progress.correct, count: progress.done)
    let left = Double(progress.total - progress.done) / max(progress.rate, 1e-9)
    return "\(progress.done.grouped)/\(progress.total.grouped), "
      + "\(progress.rate.formatted(1)) images/s, top-1 \((share.value * 100).formatted(2)) "
      + "± \((share.standardError * 100).formatted(2)) %, \(Self.duration(left)) left"
  }

  /// As in `1:02:03`, or `2:03` below an hour.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 1e9))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":\(two(whole % 60))"
  }
}
