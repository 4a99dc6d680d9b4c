import CheckpointFormat

/// Opens a checkpoint again and again and prints the seconds of each time, one line for each.
///
///     open-benchmark FILE.qkz.h5 [REPETITIONS]
///
/// One time: the structure of the file is read and judged, the manifest parsed, and every tensor is a
/// region of the mapped file, as before a run with `--no-verify`. `open-benchmark` is started by
/// `open_checkpoint.py`.
@main struct OpenBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments
    let repetitions = arguments.count > 2 ? Int(arguments[2]) ?? 1 : 20
    let clock = ContinuousClock()
    for _ in 0..<repetitions {
      let start = clock.now
      let checkpoint = try CheckpointFile.open(arguments[1]).checkpoint()
      let seconds = (clock.now - start) / .seconds(1)
      precondition(checkpoint.parameters.count == checkpoint.plan.parameters.count)
      print(seconds)
    }
  }
}
