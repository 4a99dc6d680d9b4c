import Diagnostics
import Evaluation
import TestSupport
import Testing

/// Whether a part belongs beside the parts that have begun, and an array is whole.
@Suite struct ShardFoldersTests {
  private static let slurm = [
    "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
    "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_STEP",
  ]
  private static let gridEngine = [
    "SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE",
  ]

  /// What a task is told of some variables beside parts that have begun; `nil` if it may run.
  private func refusal(
    _ names: [String] = [], _ values: [Int] = [], option: String? = nil,
    beside parts: [String] = [], isBegun: Bool = false
  ) throws -> EvaluationFailure? {
    let folder = try ScratchFolder()
    for part in parts + (isBegun ? ["."] : []) {
      let path = folder.file(part)
      try TestFiles.makeFolder(path)
      try TestFiles.write([], to: "\(path)/run.json")
    }
    let variables = Dictionary(uniqueKeysWithValues: zip(names, values.map(String.init)))
    do {
      try ShardFolders(in: folder.path).require(
        ShardDetection.find(option: option) { variables[$0] })
      return nil
    } catch let failure as EvaluationFailure {
      return failure
    }
  }

  private static let parts = ["shard-0-of-4", "shard-1-of-4", "shard-3-of-4"]

  @Test(arguments: [
    // An array that runs some tasks again, as in `sbatch --array=2`, `2-3`, `0-1` and `0-3:3`.
    (
      slurm, [2, 2, 2, 1, 1], "--shard 2/4 if its array began at 0, --shard 1/4 if its array began"
    ),
    (
      slurm, [2, 2, 3, 2, 1], "--shard 2/4 if its array began at 0, --shard 1/4 if its array began"
    ),
    (
      slurm, [3, 2, 3, 2, 1], "--shard 3/4 if its array began at 0, --shard 2/4 if its array began"
    ),
    (slurm, [0, 0, 1, 2, 1], "--shard 0/4, or"), (slurm, [3, 0, 3, 2, 3], "--shard 3/4 if"),
    (slurm, [4, 4, 4, 1, 1], "--shard 3/4, or"), (slurm, [9, 9, 9, 1, 1], "--shard I/4, or"),
    // A grid engine's array begins at 1.
    (gridEngine, [3, 3, 3, 1], "--shard 2/4, or"), (gridEngine, [4, 3, 4, 1], "--shard 3/4, or"),
    // A child of a smaller array, fewer pods, fewer processes.
    (["AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"], [1, 2], "--shard 1/4, or"),
    (["JOB_COMPLETION_INDEX", "QKZOO_SHARDS"], [1, 3], "--shard 1/4, or"),
    (["LSB_JOBINDEX", "QKZOO_SHARDS"], [2, 2], "--shard 1/4, or"),
    (["RANK", "WORLD_SIZE"], [0, 1], "--shard 0/4, or"),
    (["RANK", "WORLD_SIZE"], [2, 8], "--shard 2/4, or"),
    (["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"], [1, 2], "--shard 1/4, or"),
    (["PMI_RANK", "PMI_SIZE"], [7, 8], "--shard I/4, or"),
    (["SLURM_STEP_ID", "SLURM_PROCID", "SLURM_NTASKS"], [0, 1, 2], "--shard 1/4, or"),
    (["QKZOO_SHARD", "QKZOO_SHARDS"], [1, 2], "--shard 1/4, or"),
  ])
  func `a part of another number goes beside no parts, and learns which one it may be`(
    _ names: [String], _ values: [Int], _ option: String
  ) throws {
    let failure = try #require(try refusal(names, values, beside: Self.parts))
    #expect(failure.name == "evaluation-other-part" && failure.exitCode == 64)
    #expect(failure.expected.contains(option), "\(failure.expected)")
    #expect(failure.expected.contains("shard-0-of-4"))
  }

  @Test func `the variable that counts the tasks is named`() throws {
    let slurm = try #require(try refusal(Self.slurm, [2, 2, 3, 2, 1], beside: Self.parts))
    #expect(
      slurm.found == "part 0 of 2, by SLURM_ARRAY_TASK_COUNT, which counts tasks 2 to 3")
    let torch = try #require(try refusal(["RANK", "WORLD_SIZE"], [1, 2], beside: Self.parts))
    #expect(torch.found == "part 1 of 2, by WORLD_SIZE")
  }

  @Test(arguments: [
    (slurm, [2, 2, 2, 1, 1]), (slurm, [0, 0, 0, 1, 1]), (slurm, [1, 1, 1, 1, 1]),
    (slurm, [2, 2, 3, 2, 1]), (slurm, [8, 5, 11, 3, 3]),
    (gridEngine, [3, 3, 3, 1]), (gridEngine, [1, 1, 1, 1]), (gridEngine, [2, 2, 8, 1]),
  ])
  func `an array that may be some tasks of a larger one is not taken for the whole`(
    _ names: [String], _ values: [Int]
  ) throws {
    let failure = try #require(try refusal(names, values))
    #expect(failure.name == "evaluation-shard" && failure.exitCode == 64)
    #expect(failure.expected.contains("--shard I/N"))
    #expect(failure.expected.contains("--shard 0/1 for everything"))
    // Parts of as many as there are tasks do not make it whole.
    let count = values[names == Self.slurm ? 3 : 2]
    guard count > 1 else { return }
    #expect(try refusal(names, values, beside: ["shard-0-of-\(count)"]) != nil)
  }

  @Test(arguments: [
    (slurm, [0, 0, 3, 4, 1]), (slurm, [4, 1, 4, 4, 1]), (slurm, [4, 0, 6, 4, 2]),
    (slurm, [20, 10, 40, 4, 10]), (gridEngine, [4, 1, 4, 1]), (gridEngine, [21, 1, 40, 10]),
    (["AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"], [3, 4]),
    (["SLURM_ARRAY_TASK_ID", "QKZOO_SHARDS"], [2, 4]), (["RANK", "WORLD_SIZE"], [3, 4]),
  ])
  func `a whole array begins, and goes on beside its own parts`(
    _ names: [String], _ values: [Int]
  ) throws {
    #expect(try refusal(names, values) == nil)
    #expect(try refusal(names, values, beside: Self.parts) == nil)
  }

  @Test func `an option, a run that is not cut, and an evaluation that is not cut are held too`()
    throws
  {
    #expect(try refusal(option: "2/4", beside: Self.parts) == nil)
    #expect(try refusal(option: "1/2") == nil && refusal(option: "0/1") == nil)
    let half = try #require(try refusal(option: "1/2", beside: Self.parts))
    #expect(half.name == "evaluation-other-part" && half.expected.contains("--shard 1/4, or"))
    for option in [nil, "0/1"] {
      let whole = try #require(try refusal(option: option, beside: Self.parts))
      #expect(whole.name == "evaluation-other-part" && whole.expected.contains("/4, or"))
      #expect(try refusal(option: option, isBegun: true) == nil)
    }
    let part = try #require(try refusal(option: "1/2", isBegun: true))
    #expect(part.name == "evaluation-other-part" && part.found.contains("not cut"))
    let mixed = try #require(
      try refusal(option: "1/2", beside: Self.parts + ["shard-0-of-2"]))
    #expect(mixed.expected.contains("a part of 2 and 4, as shard-0-of-4 is there; another --out"))
  }

  @Test func `a part that is done is said to be`() throws {
    let subject = try TinyEvaluation()
    let folder = try ScratchFolder()
    for index in [0, 2] {
      let shard = try #require(Shard(index: index, count: 4))
      _ = try? subject.run(
        into: folder.file("shard-\(index)-of-4"), shard: shard,
        stopAfter: index == 0 ? 0 : .max)
    }
    let variables = zip(Self.slurm, ["3", "3", "3", "1", "1"])
    let detection = try ShardDetection.find(option: nil) { name in
      variables.first { $0.0 == name }?.1
    }
    let failure = #expect(throws: EvaluationFailure.self) {
      try ShardFolders(in: folder.path).require(detection)
    }
    #expect(
      failure?.expected
        == "a part of 4, as shard-0-of-4 is there; --shard 3/4 if its array began at 0, "
        + "--shard 2/4 (done) if its array began at 1, or another --out")
  }

  @Test(arguments: ["shard-4-of-4", "shard-01-of-4", "shard-1-of-4-of-4", "shard-x-of-4", "shards"])
  func `a folder of another name is no part`(_ name: String) throws {
    #expect(try refusal(option: "1/2", beside: [name]) == nil)
  }
}
