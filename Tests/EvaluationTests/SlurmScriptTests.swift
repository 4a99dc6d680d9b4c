import Evaluation
import Testing

/// The script of an array of jobs.
@Suite struct SlurmScriptTests {
  @Test func `a script has the array, the notice, and a merge after all tasks`() {
    let script = SlurmScript(
      command: ["bin/qkzoo", "eval", "run", "it's a model", "--out", "results"],
      folder: "results", shards: 16, atOnce: 8
    ).text
    for part in [
      "--array=0-15%8 --requeue", "--signal=B:TERM@120", "--dependency=afterok:\"$job\"",
      "bin/qkzoo eval run 'it'\\''s a model' --out results --shard \"$SLURM_ARRAY_TASK_ID/16\" &\n",
      "exec bin/qkzoo eval merge results --out results/merged\n",
      "scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"",
    ] {
      #expect(script.contains(part), "\(part)")
    }
    let unlimited = SlurmScript(command: ["qkzoo"], folder: "r", shards: 2, atOnce: nil).text
    #expect(unlimited.contains("--array=0-1 --requeue"))
  }
}
