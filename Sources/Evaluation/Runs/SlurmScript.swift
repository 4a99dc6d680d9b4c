import Diagnostics

/// A shell script that evaluates in an array of Slurm jobs and merges the shards.
///
/// Each task does one shard. A task that Slurm is about to stop finishes its batch and queues itself
/// again; one that was killed goes on from its last batch when it is queued again.
public struct SlurmScript: Sendable {
  /// The command to run for each shard, without `--shard`.
  public let command: [String]
  /// The folder of the shards; also of the jobs' output.
  public let folder: String
  /// How many shards.
  public let shards: Int
  /// How many at the same time; `nil` leaves it to Slurm.
  public let atOnce: Int?

  /// Describes a script.
  public init(command: [String], folder: String, shards: Int, atOnce: Int?) {
    self.command = command
    self.folder = folder
    self.shards = shards
    self.atOnce = atOnce
  }

  /// Seconds before a time limit at which a task is told to stop.
  private static let notice = 120

  /// The script's text.
  public var text: String {
    let array = "0-\(shards - 1)" + (atOnce.map { "%\($0)" } ?? "")
    let quoted = command.map(ShellWord.quoted).joined(separator: " ")
    let output = ShellWord.quoted(folder)
    let program = ShellWord.quoted(command[0])
    return """
      #!/usr/bin/env bash
      # Evaluates in \(shards) shards and merges them into merged: bash THIS [options of sbatch]
      set -euo pipefail
      mkdir -p \(output)
      job=$(sbatch --parsable --job-name=qkzoo-eval --array=\(array) --requeue --open-mode=append \\
        --signal=B:TERM@\(Self.notice) --output=\(output)/task-%a.log "$@" <<'TASK'
      #!/usr/bin/env bash
      \(quoted) --shard "$SLURM_ARRAY_TASK_ID/\(shards)" &
      run=$!
      trap 'kill -TERM "$run" 2>/dev/null' TERM USR1
      wait "$run"; status=$?
      # A signal ends the wait before the run has ended.
      while kill -0 "$run" 2>/dev/null; do wait "$run"; status=$?; done
      # It may have ended in between: the shell still knows how.
      if [ "$status" -gt 128 ]; then wait "$run" 2>/dev/null; again=$?; [ "$again" -eq 127 ] || status=$again; fi
      if [ "$status" -eq 75 ]; then
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
        sleep 60
      fi
      exit "$status"
      TASK
      )
      job=${job%%;*}
      merge=$(sbatch --parsable --job-name=qkzoo-merge --dependency=afterok:"$job" \\
        --output=\(output)/merge.log "$@" <<'MERGE'
      #!/usr/bin/env bash
      exec \(program) eval merge \(output) --out \(output)/merged
      MERGE
      )
      echo "$job ${merge%%;*}"

      """
  }
}
