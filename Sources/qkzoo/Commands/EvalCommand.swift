import ArgumentParser

/// Evaluating models on whole datasets.
struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Evaluate a model on a dataset: run, resume, cut into shards, merge, audit.",
    subcommands: [
      EvalRunCommand.self, EvalStatusCommand.self, EvalMergeCommand.self, EvalAuditCommand.self,
    ])
}
