import CanonicalJSON
import TestSupport
import Testing

/// `eval run` as a task of an array, and where there is nothing left to do.
@Suite struct EvaluationCommandTests {
  private func task(
    _ id: Int, of range: ClosedRange<Int>, into folder: String
  ) throws -> Program.Result {
    try Program.run(
      ["eval", "run", "qkformer-digits", "--protocol", "per-image", "--out", folder],
      environment: [
        "SLURM_ARRAY_TASK_ID": "\(id)", "SLURM_ARRAY_TASK_MIN": "\(range.lowerBound)",
        "SLURM_ARRAY_TASK_MAX": "\(range.upperBound)",
        "SLURM_ARRAY_TASK_COUNT": "\(range.count)", "SLURM_ARRAY_TASK_STEP": "1",
      ])
  }

  @Test func `a task that runs again stops before it computes, with the option for its part`()
    throws
  {
    let folder = try ScratchFolder()
    let result = folder.file("result")
    for id in [0, 1, 3] { #expect(try task(id, of: 0...3, into: result).status == 0) }
    for range in [2...2, 2...3] {
      let again = try task(2, of: range, into: result)
      #expect(again.status == 64 && again.output.isEmpty)
      #expect(again.errors.contains("evaluation-other-part"))
      #expect(again.errors.contains("SLURM_ARRAY_TASK_COUNT"))
      #expect(again.errors.contains("--shard 2/4"), "\(again.errors)")
      let elsewhere = try task(2, of: range, into: folder.file("elsewhere"))
      #expect(elsewhere.status == 64 && elsewhere.errors.contains("--shard I/N"))
    }
    #expect(try folder.names() == ["result"])
    let meant = try Program.run([
      "eval", "run", "qkformer-digits", "--protocol", "per-image", "--out", result, "--shard",
      "2/4",
    ])
    #expect(meant.status == 0)
    let merged = try Program.run(["eval", "merge", result, "--out", folder.file("whole")])
    #expect(merged.status == 0 && merged.output.contains("356 of 360 right"))
  }

  @Test func `a finished evaluation says that nothing was run, and no speed`() throws {
    let folder = try ScratchFolder()
    let command = [
      "eval", "run", "qkformer-digits", "--protocol", "per-image", "--out", folder.file("a"),
      "--limit", "8",
    ]
    let first = try Program.run(command)
    #expect(first.status == 0 && first.output.contains("\nspeed "))
    #expect(!first.output.contains("already done"))
    let again = try Program.run(command)
    #expect(again.status == 0 && again.output.contains("\nalready done"))
    #expect(again.output.contains("nothing was run") && !again.output.contains("speed"))
    let json = try Program.run(command + ["--json"])
    #expect(try JSON(parsing: Array(json.output.utf8), at: "x")["already_done"] == true)
  }
}
