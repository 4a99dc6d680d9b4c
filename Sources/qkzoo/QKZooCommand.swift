import ArgumentParser
import CheckpointFormat
import Diagnostics

/// The command line: parse, call, print.
@main
struct QKZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qkzoo",
    abstract: "Model zoo and checkpoint toolkit for QKFormer spiking transformers.",
    discussion: """
      MODEL is a path in any known container (.qkz.h5, .safetensors, .pth), a zoo entry's name or \
      alias, or six or more digits of a model-id.

      Exit codes: 0 holds; 1 checked and found wrong; 64 usage; 65 bad data; 66 no such input; \
      69 source unavailable; 74 input/output error; 75 interrupted, resumable; 77 refused by \
      policy; 78 configuration missing or bad.
      """,
    version: "qkzoo \(FormatVersion.software)",
    subcommands: [
      ListCommand.self, ShowCommand.self, PresetsCommand.self, PullCommand.self,
      MirrorCommand.self, CatalogCommand.self, EntryCommand.self, IdentifyCommand.self,
      ConvertCommand.self, ExportCommand.self, RepackCommand.self, DiffCommand.self,
      SignCommand.self, VerifyCommand.self, RunCommand.self, TraceCommand.self, StatsCommand.self,
      EvalCommand.self, ReportCommand.self,
      ClassifyCommand.self, CacheCommand.self,
    ])

  static func main() {
    do {
      try CommandEnd.prepare()
      var command = try parseAsRoot(Arguments.all)
      do {
        try command.run()
      } catch let error as ValidationError {
        CommandEnd.fail(error, of: type(of: command))
      }
      try CommandEnd.check()
    } catch let failure as any Diagnosable {
      CommandEnd.fail(failure)
    } catch {
      CommandEnd.end(error, of: Self.self, quoting: Arguments.all)
    }
  }
}
