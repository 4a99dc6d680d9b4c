import ArgumentParser
import Foundation
import SpikeInference

@main struct ForwardBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward-benchmark",
    abstract: "Time the fast forward pass beside what the machine allows.",
    subcommands: [ServeCommand.self, LayersCommand.self, RooflineCommand.self, SweepCommand.self])
}

/// The limits alone.
struct RooflineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roofline", abstract: "Measure the machine's limits.")

  @OptionGroup var machine: Subject.Machine

  func run() throws {
    Report(
      roofline: Roofline.measure(kernel: machine.kernel, threads: machine.threads), batch: 0,
      layers: []
    ).printTable()
  }
}
