import Evaluation
import TestSupport
import Testing

/// Which part a process is to do.
@Suite struct ShardDetectionTests {
  private func find(
    _ variables: [String: String], option: String? = nil
  ) throws -> ShardDetection? {
    try ShardDetection.find(option: option) { variables[$0] }
  }

  private static func slurm(
    _ id: Int, _ least: Int, _ most: Int, _ count: Int, step: Int? = nil
  ) -> [String: String] {
    var variables = [
      "SLURM_ARRAY_TASK_ID": "\(id)", "SLURM_ARRAY_TASK_MIN": "\(least)",
      "SLURM_ARRAY_TASK_MAX": "\(most)", "SLURM_ARRAY_TASK_COUNT": "\(count)",
    ]
    variables["SLURM_ARRAY_TASK_STEP"] = step.map(String.init)
    return variables
  }

  private static func lsf(_ id: Int, _ end: Int, _ step: Int) -> [String: String] {
    [
      "LSB_JOBINDEX": "\(id)", "LSB_JOBINDEX_END": "\(end)", "LSB_JOBINDEX_STEP": "\(step)",
      "QKZOO_SHARDS": "8",
    ]
  }

  private static func gridEngine(
    _ id: Int, _ first: Int, _ last: Int, _ step: Int
  ) -> [String: String] {
    [
      "SGE_TASK_ID": "\(id)", "SGE_TASK_FIRST": "\(first)", "SGE_TASK_LAST": "\(last)",
      "SGE_TASK_STEPSIZE": "\(step)",
    ]
  }

  @Test func `parts are contiguous and cover each batch once`() throws {
    for (batches, count) in [(1563, 8), (7, 7), (10, 3), (5, 1)] {
      let parts = try (0..<count).map { index in
        try #require(Shard(index: index, count: count)).part(of: batches)
      }
      #expect(parts.flatMap { Array($0) } == Array(0..<batches))
      #expect(Set(parts.map(\.count)).count <= 2)
    }
  }

  @Test func `nothing says nothing`() throws {
    #expect(try find([:]) == nil)
    // A shell of salloc, the script of sbatch, a grid engine's job outside arrays, LSF's too.
    for variables in [
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_JOB_ID": "9"],
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_STEP_ID": "4294967291"],
      ["SGE_TASK_ID": "undefined"], ["LSB_JOBINDEX": "0"],
    ] {
      #expect(try find(variables) == nil, "\(variables)")
    }
  }

  @Test(arguments: [
    (["QKZOO_SHARD": "1", "QKZOO_SHARDS": "4"], 1, 4),
    (slurm(0, 0, 7, 8), 0, 8), (slurm(8, 1, 8, 8), 7, 8), (slurm(10, 2, 14, 4, step: 4), 2, 4),
    (slurm(5, 5, 5, 1), 0, 1),
    (slurm(5, 3, 5, 2, step: 1).merging(["QKZOO_SHARDS": "8"]) { $1 }, 5, 8),
    (gridEngine(5, 1, 9, 2), 2, 5), (gridEngine(5, 1, 10, 2), 2, 5),
    (["AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "3"], 2, 3),
    (["JOB_COMPLETION_INDEX": "2", "QKZOO_SHARDS": "3"], 2, 3),
    (["PBS_ARRAY_INDEX": "0", "QKZOO_SHARDS": "3"], 0, 3),
    (lsf(1, 8, 1), 0, 8), (lsf(8, 8, 1), 7, 8), (lsf(5, 15, 2), 2, 8), (lsf(5, 16, 2), 2, 8),
    // Some tasks run again; an old LSF that tells neither end nor step.
    (lsf(3, 5, 1), 2, 8), (["LSB_JOBINDEX": "1", "QKZOO_SHARDS": "3"], 0, 3),
    (["RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"], 3, 4),
    (["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"], 1, 2),
    (["PMI_RANK": "1", "PMI_SIZE": "2"], 1, 2),
    (["MV2_COMM_WORLD_RANK": "1", "MV2_COMM_WORLD_SIZE": "2"], 1, 2),
    (["SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"], 1, 2),
    (
      [
        "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_NTASKS": "4",
        "SLURM_STEP_NUM_TASKS": "2",
      ], 1, 2
    ),
  ])
  func `a part is what the system says`(
    _ variables: [String: String], _ index: Int, _ count: Int
  ) throws {
    #expect(try find(variables)?.shard == Shard(index: index, count: count))
  }

  @Test func `the option wins, then ours, then arrays, torchrun, MPI, srun`() throws {
    var variables = [
      "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_NTASKS": "2",
    ]
    #expect(try find(variables)?.source == "SLURM_PROCID")
    variables.merge(["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"]) { $1 }
    #expect(try find(variables)?.source == "OMPI_COMM_WORLD_RANK")
    variables.merge(["RANK": "0", "WORLD_SIZE": "2"]) { $1 }
    #expect(try find(variables)?.source == "RANK")
    variables.merge(Self.slurm(0, 0, 1, 2)) { $1 }
    #expect(try find(variables)?.source == "SLURM_ARRAY_TASK_ID")
    variables.merge(["QKZOO_SHARD": "0", "QKZOO_SHARDS": "2"]) { $1 }
    #expect(try find(variables)?.source == "QKZOO_SHARD")
    #expect(try find(variables, option: "0/1")?.shard == .whole)
  }

  @Test func `halves, holes and wrong numbers are refused`() throws {
    for variables in [
      ["QKZOO_SHARD": "1"], ["SLURM_ARRAY_TASK_ID": "1"], Self.slurm(3, 0, 7, 3),
      Self.slurm(5, 3, 5, 2, step: 1), ["PBS_ARRAY_INDEX": "3"], ["JOB_COMPLETION_INDEX": "0"],
      ["SGE_TASK_ID": "3"], ["RANK": "0"], ["WORLD_SIZE": "4"],
      ["OMPI_COMM_WORLD_RANK": "4", "OMPI_COMM_WORLD_SIZE": "4"],
      ["QKZOO_SHARD": "x", "QKZOO_SHARDS": "2"],
      ["QKZOO_SHARDS": "2"], ["QKZOO_SHARDS": "2", "LSB_JOBINDEX": "0"],
      ["QKZOO_SHARDS": "2", "RANK": "0", "WORLD_SIZE": "2"],
      Self.gridEngine(4, 1, 9, 2), Self.gridEngine(11, 1, 9, 2), Self.gridEngine(1, 3, 9, 2),
      Self.gridEngine(1, 1, 9, 0), Self.gridEngine(1, 9, 1, 1),
      Self.lsf(9, 9, 1), Self.lsf(3, 12, 1), Self.lsf(4, 15, 2), Self.lsf(1, 8, 0),
      ["LSB_JOBINDEX": "1"], Self.slurm(.max, .max - 7, .max, 8), Self.slurm(0, .min, .max, 2),
      Self.slurm(0, 0, Int(UInt32.max), Int(UInt32.max), step: Int(UInt32.max)),
      Self.slurm(4, 0, 8, 3, step: 2), Self.slurm(9, 0, 8, 9),
    ] {
      #expect(
        try Refusal.of { _ = try find(variables) }
          == Refusal(name: "evaluation-shard", exitCode: 64), "\(variables)")
    }
    for option in ["", "1", "8/8", "-1/2", "a/b", "1/2/3", "0/0"] {
      #expect(
        try Refusal.of { _ = try find([:], option: option) }?.name == "evaluation-shard",
        "\(option)")
    }
  }
}
